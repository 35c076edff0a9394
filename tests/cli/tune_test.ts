import { join } from "node:path";
import { formatCommand, parseSearchFile, probesOf, trainArguments } from "../../src/cli/tune_space.ts";
import { parseSpace } from "../../src/search/space.ts";
import { parseJournal } from "../../src/search/records.ts";
import { Study, type TrialRecord } from "../../src/search/study.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run, start, writeData } from "./process.ts";

/** A search of a few seconds. */
const SEARCH = {
  data: "clicks.csv",
  label: "click",
  positive: "yes",
  categorical: ["user", "item"],
  numeric: "price",
  split: [0.7, 0.3],
  fixed: { epochs: 6, "batch-size": 64, dim: 4, hidden: "8", "patience": 0 },
  space: {
    lr: { log: [1e-3, 0.1] },
    model: ["dnn", "deepfm"],
    dropout: { uniform: [0, 0.4], when: { model: "deepfm" } },
  },
};

const write = (folder: string, search: object = SEARCH, name = "space.json") =>
  Deno.writeTextFile(join(folder, name), JSON.stringify(search));

async function readTrials(folder: string): Promise<readonly TrialRecord[]> {
  const path = join(folder, "study.log");
  return new Study({ records: parseJournal(path, await Deno.readTextFile(path)), append: () => {} }).trials;
}

/** What there is to compare of trials: all but the times. */
const contentOf = (trials: readonly TrialRecord[]) =>
  trials.map(({ started: _, ended: __, reports, ...rest }) => ({ ...rest, reports: [...reports] }));

const parse = (file: object) => parseSearchFile("space.json", JSON.stringify(file));
const refusal = (file: object): string => assertThrows(() => parse(file), Error).message;

Deno.test("arguments of a trial are those of train", () => {
  const file = parse({
    data: ["a,b.csv", "c.csv"],
    categorical: ["user", 'a "b", c'],
    split: [0.8, 0.2],
    fixed: { "batch-norm": true, clamp: false, "optimizer-options": "momentum=0.9", "model-options": { heads: 2 } },
    space: {
      lr: { log: [1e-4, 1] },
      "model-options.layers": { int: [1, 3] },
      "optimizer-options.nesterov": [true, false],
      hidden: [[400, 400], "64"],
      buckets: [null, 8],
    },
    objective: "logloss",
  });
  assertEquals(file.direction, "minimize");
  const params = {
    lr: 0.01,
    "model-options.layers": 3,
    "optimizer-options.nesterov": true,
    hidden: "400,400",
    buckets: null,
  };
  const expected = [
    ...["--data", "a,b.csv", "--data", "c.csv", "--categorical", 'user,"a ""b"", c"', "--split", "0.8,0.2"],
    ...["--batch-norm", "--lr", "0.01", "--hidden", "400,400", "--monitor", "logloss"],
    ...["--optimizer-options", "momentum=0.9,nesterov=true", "--model-options", '{"heads":2,"layers":3}'],
  ];
  assertEquals(trainArguments(file, params), expected);
  // The epoch that is kept is the best one by what trials are compared by.
  const files = ["auc", "brier", "normalizedEntropy.click"].map((objective) =>
    parse({ data: "a.csv", split: [0.8, 0.2], space: { lr: [0.1] }, objective })
  );
  assertEquals(files.map((file) => trainArguments(file, {}).at(-1)), ["auc", "brier", "normalizedEntropy.click"]);
  assertEquals(
    formatCommand(["train", "--data", "my file.csv", "--lr", "0.01", "--x", "it's"]),
    `weft train --data 'my file.csv' --lr 0.01 --x 'it'\\''s'`,
  );
});

Deno.test("trials to check have each value of a list and both ends of each range", () => {
  const probes = probesOf(parseSpace({
    model: ["fm", "dcnv2", "mmoe"],
    layers: { int: [1, 4], when: { model: "dcnv2" } },
    lr: { log: [0.1, 1] },
  }));
  assertEquals(probes, [
    { model: "fm", lr: 0.1 },
    { model: "dcnv2", lr: 0.1, layers: 1 },
    { model: "mmoe", lr: 0.1 },
    { model: "fm", lr: 1 },
    { model: "dcnv2", lr: 0.1, layers: 4 },
  ]);
});

Deno.test("files of searches are refused with what is wrong", () => {
  const space = { lr: [0.1] };
  const refused = (file: object, message: string) => assertEquals(refusal(file), `Cannot use "space.json": ${message}`);
  refused({ lr: 0.1, space }, 'train has no option "lr"; options of other kinds are in "fixed"');
  refused({ sapce: space }, 'train has no option "sapce", did you mean "space"');
  refused({ space: { dimm: [1] } }, 'train has no option "dimm", did you mean "dim"');
  refused({ fixed: { epoch: 1 }, space }, 'train has no option "epoch", did you mean "epochs"');
  refused({ fixed: { out: "a.weft" }, space }, 'option "out" must be left to tune');
  refused({ fixed: { lr: 0.1 }, space }, 'option "lr" must stand once, received it twice');
  refused({ fixed: { "batch-norm": 1 }, space }, 'option "batch-norm" must be true or false, received 1');
  refused(
    { split: [0.8, 0.2], space: { seed: [1, 2] } },
    'option "seed" must be the same for all trials, received it in "space"',
  );
  refused({ split: [0.8, 0.2] }, '"space" must be an object, received none');
  refused({ data: "a.csv", space }, '"validation" or "split" must be there, to compare trials by');
  refused(
    { data: "-", split: [0.5, 0.5], space },
    "each trial reads the data, the standard input can be read once",
  );
  assertStringIncludes(
    refusal({ objective: "calibration", split: [0.5, 0.5], space }),
    '"objective" must be one of auc,',
  );
  assertEquals(parse({ objective: "auc.click", split: [0.5, 0.5], space }).direction, "maximize");
  const own = { metric: "spread", direction: "minimize" };
  assertEquals(parse({ objective: own, split: [0.5, 0.5], space }).objective, "spread");
});

Deno.test("options that train refuses end a search before anything runs", async () => {
  await inFolder(async (folder) => {
    await writeData(join(folder, "clicks.csv"), 200);
    const refused = async (change: object, message: string, ...args: string[]) => {
      await write(folder, { ...SEARCH, ...change });
      const { code, out, err } = await run(folder, "tune", "space.json", ...args);
      assertEquals([code, out], [2, ""], err);
      assertEquals(err.trim(), message);
    };
    await refused(
      { space: { dropout: { uniform: [0, 1.5] }, dim: [8] }, fixed: {} },
      'Cannot tune with dropout 1.5, dim 8: option "--dropout" must be a number from 0 to 1, received "1.5"',
    );
    await refused(
      {
        space: { model: ["deepfm", "dcnv2"], "model-options.layer": { int: [1, 2], when: { model: "dcnv2" } } },
        fixed: {},
      },
      'Cannot tune with model dcnv2, model-options.layer 1: model dcnv2 has no option "layer", it has dims, dim, layers, hidden, ' +
        "dropout, batchNorm, structure",
    );
    assert(!await Deno.stat(join(folder, "space")).then(() => true, () => false));
    await write(folder);
    const grid = await run(folder, "tune", "space.json", "--sampler", "grid");
    assertEquals(grid.code, 1);
    assertEquals(
      grid.err.trim(),
      "Cannot search a grid: lr must be a list of values or a range with a step, received a range",
    );
    const startup = await run(folder, "tune", "space.json", "--sampler", "grid", "--startup-trials", "3");
    assertEquals(startup.err.trim(), 'Cannot run tune: option "--startup-trials" is not for grid');
  });
});

Deno.test("tune ends with a table, the best model and the command that makes it again", async () => {
  await inFolder(async (folder) => {
    await writeData(join(folder, "clicks.csv"), 600);
    await write(folder);
    const { code, out, err } = await run(folder, "tune", "space.json", "--trials", "5", "--parallel", "2", "--json");
    assertEquals(code, 0, err);
    const found = JSON.parse(out);
    assertEquals(found.trials.map(({ number }: TrialRecord) => number), [0, 1, 2, 3, 4]);
    const best = found.trials[found.best];
    assertEquals(best.state, "COMPLETE");
    for (const { number, state, value, epochs } of found.trials) {
      const info = JSON.parse(await Deno.readTextFile(join(folder, "space", "trials", `000${number}`, "run.json")));
      assertEquals(info.state, state === "PRUNED" ? "interrupted" : "finished");
      if (state === "COMPLETE") assertEquals([info.best?.auc ?? value, epochs], [value, 6]);
    }
    const again = await run(folder, ...found.command, "--out", "again.weft");
    assertEquals(again.code, 0, again.err);
    const model = await Deno.readFile(join(folder, found.model));
    assertEquals(model, await Deno.readFile(join(folder, "again.weft")));

    const table = await run(folder, "tune", "--resume", "space", "--trials", "5", "--top", "2");
    assertEquals(table.code, 0, table.err);
    assertEquals(table.err, "");
    const [head, first, , more] = table.out.split("\n");
    assertEquals(head.split(/ {2,}/), ["trial", "state", "auc", "epochs", "seconds", "lr", "model", "dropout"]);
    assert(first.startsWith(`${found.best} `));
    assertEquals(more, "and 3 more");
    assertStringIncludes(table.out, `best: trial ${found.best}, space/trials/000${found.best}`);
    assertStringIncludes(
      table.out,
      `weft train --data clicks.csv --label click --positive yes --categorical user,item`,
    );

    const other = await run(folder, "tune", "space.json", "--trials", "5", "--seed", "2");
    assertEquals(other.code, 1);
    assertEquals(other.err.trim(), "Cannot go on with the search: its seed must be as before, 1, received 2");
  });
});

/** Waits until the journal of a search has a text. */
async function waitFor(path: string, text: string): Promise<void> {
  for (;;) {
    const journal = await Deno.readTextFile(path).catch(() => "");
    if (journal.includes(text)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("a search that was killed within a trial goes on to the same trials and bytes", async () => {
  await inFolder(async (folder) => {
    await writeData(join(folder, "clicks.csv"), 600);
    await write(folder, { ...SEARCH, fixed: { ...SEARCH.fixed, epochs: 20 } });
    const args = ["tune", "space.json", "--trials", "3", "--pruner", "none"];
    const whole = await run(folder, ...args, "--out", "whole");
    assertEquals(whole.code, 0, whole.err);

    const killed = start(folder, ...args, "--out", "killed");
    await waitFor(join(folder, "killed", "study.log"), '"trial_id":1,"step":3,');
    killed.kill("SIGKILL");
    await Promise.all([killed.stdout.cancel(), killed.stderr.cancel(), killed.status]);
    const resumed = await run(folder, ...args, "--out", "killed");
    assertEquals(resumed.code, 0, resumed.err);
    assertEquals(
      contentOf(await readTrials(join(folder, "killed"))),
      contentOf(await readTrials(join(folder, "whole"))),
    );
    for (const file of ["best.weft", "trials/0001/model.weft"]) {
      const [one, other] = ["whole", "killed"].map((name) => Deno.readFileSync(join(folder, name, file)));
      assertEquals(one, other, file);
    }
  });
});

Deno.test("Ctrl-C stops the trial that runs, and the search goes on from its checkpoint", async () => {
  await inFolder(async (folder) => {
    await writeData(join(folder, "clicks.csv"), 600);
    await write(folder, { ...SEARCH, fixed: { ...SEARCH.fixed, epochs: 30 } });
    const child = start(folder, "tune", "space.json", "--trials", "1");
    await waitFor(join(folder, "space", "study.log"), '"trial_id":0,"step":2,');
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    const err = new TextDecoder().decode(stderr);
    assertEquals(code, 130, err);
    assertStringIncludes(err, "Interrupted. Go on with: weft tune --resume space");
    assertEquals((await readTrials(join(folder, "space")))[0].state, "RUNNING");
    const log = join(folder, "space", "trials", "0000", "log.txt");
    assertStringIncludes(await Deno.readTextFile(log), "Interrupted. Saved a checkpoint to space/trials/0000/");
    const resumed = await run(folder, "tune", "--resume", "space", "--trials", "1");
    assertEquals(resumed.code, 0, resumed.err);
    const [trial] = await readTrials(join(folder, "space"));
    assertEquals([trial.state, trial.reports.size], ["COMPLETE", 30]);
  });
});

Deno.test("data whose first rows have one label can be searched over", async () => {
  await inFolder(async (folder) => {
    const row = (click: string) => (_: unknown, i: number) => `${click},u${i % (click === "yes" ? 3 : 4)},i0,1`;
    const lines = [...Array.from({ length: 1100 }, row("no")), ...Array.from({ length: 500 }, row("yes"))];
    await Deno.writeTextFile(join(folder, "clicks.csv"), ["click,user,item,price", ...lines].join("\n"));
    await write(folder, { ...SEARCH, fixed: { ...SEARCH.fixed, epochs: 1 } });
    const { code, err } = await run(folder, "tune", "space.json", "--trials", "1");
    assertEquals(code, 0, err);
  });
});

Deno.test("trials that fail are recorded with their message, and end the search in a row", async () => {
  await inFolder(async (folder) => {
    await writeData(join(folder, "clicks.csv"), 1200, ["maybe,u1,i1,3"]);
    await write(folder);
    const { code, out, err } = await run(folder, "tune", "space.json", "--max-failures", "2", "--json");
    assertEquals(code, 1);
    const { trials, best } = JSON.parse(out);
    assertEquals(best, undefined);
    assertEquals(trials.map(({ state }: TrialRecord) => state), ["FAIL", "FAIL"]);
    const last = err.trim().split("\n").at(-1)!;
    assertStringIncludes(
      last,
      "Cannot go on with the search: 2 trials in a row failed, the last one with: Cannot read",
    );
    assertStringIncludes(last, '"maybe"');
    assertStringIncludes(trials[0].error, "line 1202");
  });
});
