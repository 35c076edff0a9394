import { readRun } from "../../src/runs/mod.ts";
import { parseRecipe } from "../../src/cli/recipe.ts";
import { readArguments } from "../../src/cli/train.ts";
import { UsageError } from "../../src/cli/options.ts";
import { statIfThere } from "../../src/files.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run, runUntil, start, writeData } from "./process.ts";

const RECIPE = {
  data: { training: "clicks.csv", split: [0.7, 0.1, 0.2] },
  columns: { label: "click", positive: "yes", categorical: ["user", "item"], numeric: "price" },
  defaults: { epochs: 2, "batch-size": 32, lr: 0.01, dim: 4, patience: 0 },
  models: [
    "fm",
    { name: "wild", model: "fm", optimizer: "sgd", lr: 1e30 },
    { name: "deep", model: "deepfm", hidden: [8], "batch-norm": true },
  ],
  seeds: [1, 2],
};

const plan = (recipe: object, seeds?: number[]) => parseRecipe("r.json", JSON.stringify(recipe), seeds, () => "s.json");

Deno.test("a recipe becomes arguments of train, data by data, model by model, seed by seed", () => {
  const runs = plan(RECIPE);
  assertEquals(runs.map(({ name }) => name), ["fm-1", "fm-2", "wild-1", "wild-2", "deep-1", "deep-2"]);
  const data = ["--data", "clicks.csv", "--split-seed", "1", "--split", "0.7,0.1,0.2"];
  const columns = ["--label", "click", "--positive", "yes", "--categorical", "user,item", "--numeric", "price"];
  const defaults = ["--epochs", "2", "--batch-size", "32", "--lr", "0.01", "--dim", "4", "--patience", "0"];
  assertEquals(runs[5].args, [
    ...[...data, ...columns, ...defaults, "--model", "deepfm"],
    ...["--hidden", "8", "--batch-norm", "--seed", "2"],
  ]);
  // Other seeds train on the same rows.
  assertEquals(plan(RECIPE, [5])[0].args, [...data, ...columns, ...defaults, "--model", "fm", "--seed", "5"]);
  const own = plan({
    data: [
      { name: "a", training: ["x.csv", "y.csv"], test: "z.csv", columns: { label: "y", categorical: ["a,b", 'c"d'] } },
      { name: "b", training: "x.csv" },
    ],
    schema: { label: "y", features: [] },
    defaults: { dim: 8, "batch-norm": true, "loss-options": { gamma: 2, alpha: 0.5 } },
    models: [{ name: "lr", dim: null, "batch-norm": false, "model-options": { hidden: [4] } }],
  });
  assertEquals(own.map(({ name }) => name), ["a-lr-1", "b-lr-1"]);
  const model = ["--loss-options", "gamma=2,alpha=0.5", "--model-options", '{"hidden":[4]}', "--model", "lr"];
  assertEquals(own[1].args.filter((arg) => !model.includes(arg)), [
    "--data",
    "x.csv",
    "--schema",
    "s.json",
    "--seed",
    "1",
  ]);
});

Deno.test("the recipe on the page about runs can be trained", async () => {
  const page = await Deno.readTextFile(new URL("../../src/runs/README.md", import.meta.url));
  const [, recipe] = /```json\n([^]*?)```/.exec(page)!;
  const runs = parseRecipe("recipe.json", recipe, undefined, () => "s.json");
  assertEquals(runs.map(({ name }) => name).filter((name) => name.endsWith("-1")), [
    "lr-1",
    "fm-1",
    "small-1",
    "wide-1",
  ]);
  for (const { args } of runs) await readArguments(args);
});

Deno.test("mistakes in a recipe are named", () => {
  const refused = (change: object, message: string): void => {
    const { message: received } = assertThrows(() => plan({ ...RECIPE, ...change }), UsageError);
    assertEquals(received, `Cannot run benchmark: "r.json": ${message}`);
  };
  refused({ model: [] }, 'it has no "model", did you mean "models"');
  refused(
    { models: [{ name: "a b", model: "fm" }] },
    'models[0].name must be a name of letters, digits and "-", "_" or ".", received "a b"',
  );
  refused({ models: [{ model: "fm", dimm: 4 }] }, 'models[0] has no "dimm", did you mean "dim"');
  refused({ models: [{ model: "fm", out: "m.weft" }] }, 'models[0] cannot have "out", which the benchmark settles');
  refused({ models: [{ model: "fm", "batch-norm": 1 }] }, "models[0].batch-norm must be true or false, received 1");
  refused({ models: ["fm", "fm"] }, 'names of models must differ, received "fm" twice');
  refused({ models: [] }, "models must be a list of at least one, received []");
  refused({ defaults: { ephocs: 2 } }, 'defaults has no "ephocs", did you mean "epochs"');
  refused({ defaults: { label: "y" } }, 'defaults has no "label", it belongs to columns');
  refused({ seeds: [0.5] }, "seeds must be integers of at least 0, received 0.5");
  refused({ data: {} }, "data.training is missing");
  refused(
    { data: [{ training: "x" }] },
    'data[0].name must be a name of letters, digits and "-", "_" or ".", received nothing',
  );
  refused({ columns: { labels2: "y" } }, 'columns has no "labels2", did you mean "labels"');
  refused({ schema: "s.json" }, "data has a schema and columns, one is enough");
  assertThrows(() => parseRecipe("r.json", "{", undefined, () => ""), UsageError, "it must be JSON");
});

Deno.test("a benchmark trains each model, reports one that fails, and leaves finished runs alone", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const write = (recipe: object) => Deno.writeTextFile(`${folder}/r.json`, JSON.stringify(recipe));
    for (
      const [change, message] of [
        [{ models: ["fm", "deepfn"] }, 'run "deepfn-1": Cannot run train: option "--model" must be one of'],
        [{ models: ["fm", "lr"] }, 'run "lr-1": Cannot run train: model lr has no option "dim"'],
        [{ columns: { ...RECIPE.columns, categorical: "usr" } }, 'run "fm-1": Cannot read "clicks.csv"'],
      ] as const
    ) {
      await write({ ...RECIPE, ...change });
      const { err } = await run(folder, "benchmark", "r.json");
      assertStringIncludes(err, `Cannot run benchmark: ${message}`);
      assertEquals(await statIfThere(`${folder}/runs/r/fm-1`), undefined);
    }
    await write(RECIPE);
    const { code, out, err } = await run(folder, "benchmark", "r.json");
    assertEquals(code, 1, err);
    assertMatch(err, /\nwild-2 failed: Cannot go on training: /);
    const lines = out.split("\n");
    assertMatch(lines[0], /^model +runs +test AUC +test log loss +seconds +parameters$/);
    assertMatch(lines[1], /^fm +2 +0\.\d{5} ± 0\.\d{5} +0\.\d{5} ± 0\.\d{5} +[\d.]+ ± [\d.]+ +\d+$/);
    assertMatch(lines[2], /^wild +0 of 2 +- +- +- +-$/);
    const { models, runs } = JSON.parse(await Deno.readTextFile(`${folder}/runs/r/results.json`));
    const infos = await Promise.all([1, 2].map(async (seed) => (await readRun(`${folder}/runs/r/deep-${seed}`)).info));
    const [a, b] = infos.map((info) => info.test!.auc);
    assertEquals(models[2].metrics.auc.mean, (a + b) / 2);
    assert(Math.abs(models[2].metrics.auc.deviation - Math.abs(a - b) / Math.SQRT2) < 1e-12);
    assertEquals(infos[0].data, infos[1].data);
    assertEquals(await statIfThere(`${folder}/runs/r/deep-1/checkpoint.weft`), undefined);
    assertEquals([runs[2].state, runs[4].state, runs[4].parameters], ["failed", "finished", infos[0].model.parameters]);
    const page = await Deno.readTextFile(`${folder}/runs/r/results.md`);
    assertStringIncludes(page, `| deep | 2 | ${((a + b) / 2).toFixed(5)} ± `);
    assertStringIncludes(page, "- wild-1 failed: Cannot go on training: ");
    assertStringIncludes(await Deno.readTextFile(`${folder}/runs/r/deep-1/train.log`), "training: done after 2 epochs");

    await write({ ...RECIPE, models: [RECIPE.models[0], RECIPE.models[2]] });
    const again = await run(folder, "benchmark", "r.json", "--models", "fm", "--seeds", "1");
    assertEquals(again.code, 0, again.err);
    assertMatch(again.err, /fm-1 \(1 of 1\): finished before/);
    await write({ ...RECIPE, defaults: { ...RECIPE.defaults, dim: 2 } });
    const other = await run(folder, "benchmark", "r.json");
    assertEquals(other.code, 1);
    assertStringIncludes(
      other.err,
      '"runs/r/fm-1" must hold a run of the recipe\'s options, received one of "train --data',
    );
  }));

Deno.test({
  name: "a benchmark that was stopped goes on in the middle of a run",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 400);
      const recipe = { ...RECIPE, models: ["fm"], defaults: { ...RECIPE.defaults, epochs: 15 } };
      await Deno.writeTextFile(`${folder}/r.json`, JSON.stringify(recipe));
      const args = ["benchmark", "r.json", "--out", "all"];
      const stopped = await runUntil(folder, "epoch 3/15 ", "SIGTERM", ...args);
      assertEquals(stopped.code, 143, stopped.err);
      assertStringIncludes(stopped.err, "fm-1: interrupted; the same command goes on");
      assertEquals((await readRun(`${folder}/all/fm-1`)).info.state, "interrupted");
      assertEquals(await statIfThere(`${folder}/all/fm-2`), undefined);
      const resumed = await run(folder, ...args);
      assertEquals(resumed.code, 0, resumed.err);
      assertMatch(resumed.err, /fm-1 \(1 of 2\): goes on\n/);
      assert(!/epoch 1\/15 .*auc[^]*fm-2/.test(resumed.err.split("fm-2")[0]), resumed.err);
      const { info } = await readRun(`${folder}/all/fm-1`);
      assertEquals([info.state, info.epochs], ["finished", 15]);
    }),
});

Deno.test({
  name: "a run whose process is killed does not end the benchmark, and goes on the next time",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 400);
      const recipe = { ...RECIPE, models: ["fm"], defaults: { ...RECIPE.defaults, epochs: 8 } };
      await Deno.writeTextFile(`${folder}/r.json`, JSON.stringify(recipe));
      const benchmark = start(folder, "benchmark", "r.json");
      let err = "";
      for await (const part of benchmark.stderr.pipeThrough(new TextDecoderStream())) {
        const seen = err.includes("epoch 3/8 ");
        err += part;
        if (seen || !err.includes("epoch 3/8 ")) continue;
        const children = await Deno.readTextFile(`/proc/${benchmark.pid}/task/${benchmark.pid}/children`);
        for (const pid of children.trim().split(" ")) Deno.kill(Number(pid), "SIGKILL");
      }
      await benchmark.stdout.cancel();
      assertEquals((await benchmark.status).code, 1, err);
      assertStringIncludes(err, "fm-1 failed: the process was ended by SIGKILL");
      const stateOf = async (name: string) => (await readRun(`${folder}/runs/r/${name}`)).info.state;
      assertEquals([await stateOf("fm-1"), await stateOf("fm-2")], ["interrupted", "finished"]);
      const again = await run(folder, "benchmark", "r.json");
      assertEquals([again.code, await stateOf("fm-1")], [0, "finished"], again.err);
    }),
});
