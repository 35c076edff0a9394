import { join } from "node:path";
import { type JournalFile, openJournal } from "../../src/search/journal_file.ts";
import { type JournalRecord, parseJournal } from "../../src/search/records.ts";
import { grid, random } from "../../src/search/sampler.ts";
import { asha } from "../../src/search/pruner.ts";
import { Study, type TrialRecord } from "../../src/search/study.ts";
import { tpe } from "../../src/search/tpe.ts";
import type { Trial } from "../../src/search/trial.ts";
import { SearchError, tune, type TuneOptions } from "../../src/search/tune.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

const SPACE = { x: { uniform: [0, 1] }, kind: ["a", "b"], y: { int: [1, 9], when: { kind: "b" } } } as const;

/** Reports three epochs; fails for some values. */
function objective(trial: Trial<{ x: number; kind: "a" | "b"; y?: number }>): number {
  const { x, kind, y = 5 } = trial.params;
  if (trial.number === 3) throw new RangeError("no such luck");
  const value = (kind === "a" ? 1 : y / 9) - (x - 0.3) ** 2;
  for (let epoch = 1; epoch <= 3; epoch++) {
    trial.report(epoch, value - 1 / epoch);
    if (trial.shouldStop) return NaN;
  }
  return value;
}

const SEARCH = {
  space: SPACE,
  objective,
  sampler: tpe({ startupTrials: 4 }),
  trials: 14,
  seed: 4,
} satisfies TuneOptions<
  typeof SPACE
>;

/** What there is to compare of trials: all but the times. */
const contentOf = (trials: readonly TrialRecord[]) =>
  trials.map(({ started: _, ended: __, reports, ...rest }) => ({ ...rest, reports: [...reports] }));

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a search ends with all trials, each complete, pruned or failed", async () => {
  const told: string[] = [];
  const { ended, trials, best } = await tune({
    ...SEARCH,
    onTrial: ({ number, state }) => told.push(`${number} ${state}`),
  });
  assertEquals([ended, trials.length], ["trials", 14]);
  assertEquals([trials[3].state, trials[3].error], ["FAIL", "no such luck"]);
  assert(trials.some(({ state }) => state === "PRUNED"));
  const complete = trials.filter(({ state }) => state === "COMPLETE");
  assertEquals(best!.value, Math.max(...complete.map(({ value }) => value!)));
  assertEquals(told.slice(0, 2), ["0 RUNNING", "0 COMPLETE"]);
  assertEquals(told.length, 28);
});

Deno.test("a journal that is read again tells the same", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "study.log");
    let expected: readonly TrialRecord[];
    {
      using journal = openJournal(path);
      expected = (await tune({ ...SEARCH, journal })).trials;
    }
    using journal = openJournal(path);
    assertEquals(new Study(journal).trials, expected);
    const lines = (await Deno.readTextFile(path)).trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines[0].op_code, 0);
    assertEquals(lines[0].directions, [2]);
    assertEquals(lines.filter(({ op_code }) => op_code === 4).length, 14);
    assert(lines.every(({ worker_id }) => worker_id === lines[0].worker_id));
  });
});

Deno.test("a search whose journal was cut at any byte goes on to the same trials", async () => {
  const whole = (await tune(SEARCH)).trials;
  await withFolder(async (folder) => {
    const path = join(folder, "study.log");
    {
      using journal = openJournal(path);
      await tune({ ...SEARCH, journal });
    }
    const bytes = await Deno.readFile(path);
    // Each end of a line with its neighbors, and every 97th byte.
    const ends = [...bytes.keys()].filter((i) => bytes[i] === 0x0a).flatMap((i) => [i, i + 1, i + 2]);
    const cuts = [...new Set([0, ...ends, ...Array.from({ length: bytes.length / 97 }, (_, i) => 97 * i)])];
    for (const end of cuts) {
      const text = new TextDecoder().decode(bytes.subarray(0, end));
      const journal = { records: parseJournal(path, text), append: () => {} };
      const { trials } = await tune({ ...SEARCH, journal });
      assertEquals(contentOf(trials), contentOf(whole), `cut at byte ${end}`);
    }
    // Files are flushed at each change; a few of them do.
    for (const end of [1, 400, 3000, bytes.length - 1]) {
      await Deno.writeFile(path, bytes.subarray(0, end));
      {
        using journal = openJournal(path);
        assertEquals(contentOf((await tune({ ...SEARCH, journal })).trials), contentOf(whole), `cut at byte ${end}`);
      }
      const read = parseJournal(path, await Deno.readTextFile(path));
      assertEquals(contentOf(new Study({ records: read, append: () => {} }).trials), contentOf(whole));
    }
  });
});

Deno.test("a search that is interrupted leaves its trial to the next one", async () => {
  const whole = (await tune(SEARCH)).trials;
  await withFolder(async (folder) => {
    const path = join(folder, "study.log");
    const controller = new AbortController();
    {
      using journal = openJournal(path);
      const { ended, trials } = await tune({
        ...SEARCH,
        journal,
        signal: controller.signal,
        objective: (trial) => {
          if (trial.number === 6) controller.abort();
          return objective(trial);
        },
      });
      assertEquals([ended, trials.length, trials[6].state], ["interrupted", 7, "RUNNING"]);
    }
    using journal = openJournal(path);
    assertEquals(contentOf((await tune({ ...SEARCH, journal })).trials), contentOf(whole));
  });
});

Deno.test("a trial that is run again is judged from where it stood, not by what others reached since", async () => {
  const values = [[0.1, 0.5, 0.9], [0.2, 0.4, 0.3]];
  const controller = new AbortController();
  const records: JournalRecord[] = [];
  const journal = { records, append: (more: readonly JournalRecord[]) => void records.push(...more) };
  const search = {
    space: { x: [1, 2] },
    sampler: grid(),
    pruner: asha({ reductionFactor: 2 }),
    parallel: 2,
    journal,
  } as const;
  const report = (trial: Trial<{ x: number }>, epochs: number) => {
    for (let i = 0; i < epochs && !trial.shouldStop; i++) trial.report(i + 1, values[trial.number][i]);
    return values[trial.number][2];
  };
  await tune({
    ...search,
    signal: controller.signal,
    objective: (trial) => {
      // Trial 0 comes to its second epoch before trial 1 reports its first, which is better than that of trial 0.
      const value = report(trial, 2 - trial.number);
      if (trial.number === 1) controller.abort();
      return value;
    },
  });
  const { trials } = await tune({ ...search, objective: (trial) => report(trial, 3) });
  assertEquals(trials.map(({ state }) => state), ["COMPLETE", "PRUNED"]);
  assertEquals(trials.map(({ reports }) => [...reports.values()]), [[0.1, 0.5, 0.9], [0.2, 0.4]]);
});

Deno.test("one process at a time writes to a journal, and another search does not", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "study.log");
    using journal: JournalFile = openJournal(path);
    assertEquals(
      assertThrows(() => openJournal(path), Error).message,
      `Cannot write "${path}": another process writes to it`,
    );
    await tune({ ...SEARCH, journal, trials: 2 });
    const again = { records: parseJournal(path, await Deno.readTextFile(path)), append: () => {} };
    const refused = async (change: Partial<TuneOptions<typeof SPACE>>, text: string) => {
      const error = await assertRejects(() => tune({ ...SEARCH, journal: again, ...change }), RangeError);
      assert(error.message.startsWith(text), error.message);
    };
    await refused({ seed: 5 }, "Cannot go on with the search: its seed must be as before, 4, received 5");
    await refused({ sampler: random() }, "Cannot go on with the search: its sampler must be as before,");
    await refused({ direction: "minimize" }, "Cannot go on with the search: its direction must be as before,");
    await refused({ settings: { data: "b" } }, "Cannot go on with the search: its settings must be as before, null");
  });
});

Deno.test("lines that are damaged are named", () => {
  assertEquals(
    assertThrows(() => parseJournal("study.log", '{"op_code":0}\n{"op_\n{"op_code":4}\n'), SyntaxError).message,
    'Cannot read "study.log" line 2: it must be a record of a journal, received {"op_',
  );
  assertEquals(parseJournal("study.log", '{"op_code":0}\n{"op_code"').length, 1);
});

Deno.test("failures in a row end a search, single ones do not", async () => {
  let calls = 0;
  const failing = (fails: (call: number) => boolean) => () => {
    if (fails(++calls)) throw new Error("out of memory");
    return calls;
  };
  const space = { x: { uniform: [0, 1] } } as const;
  const { trials } = await tune({ space, objective: failing((call) => call % 3 > 0), trials: 9 });
  assertEquals(trials.filter(({ state }) => state === "FAIL").length, 6);
  const error = await assertRejects(() => tune({ space, objective: failing(() => true), trials: 9 }), SearchError);
  assertEquals(
    error.message,
    "Cannot go on with the search: 3 trials in a row failed, the last one with: out of memory",
  );
  assertEquals((error.cause as Error).message, "out of memory");
  const all = await tune({ space, objective: failing(() => true), trials: 9, maxFailures: 0 });
  assertEquals([all.trials.length, all.best], [9, undefined]);
});

Deno.test("values that are no numbers fail, and so do reports of them", async () => {
  const { trials } = await tune({
    space: { how: ["infinite", "not a number", "fine"] },
    sampler: { ...random(), sample: ({ number }) => ({ how: ["infinite", "not a number", "fine"][number] }) },
    objective: (trial) => {
      if (trial.params.how === "infinite") trial.report(1, Infinity);
      return trial.params.how === "fine" ? 1 : NaN;
    },
    trials: 3,
  });
  assertEquals(trials.map(({ state }) => state), ["FAIL", "FAIL", "COMPLETE"]);
  assertEquals(trials.map(({ error }) => error), [
    "Cannot report epoch 1: the value must be finite, received Infinity",
    "the objective must be a finite number, received NaN",
    undefined,
  ]);
});

Deno.test("parallel trials run at once, and none is started when time is up", async () => {
  let [running, most] = [0, 0];
  const space = { x: { uniform: [0, 1] } } as const;
  const { trials } = await tune({
    space,
    parallel: 3,
    trials: 12,
    objective: async ({ params: { x } }) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1 + 5 * x));
      running--;
      return x;
    },
  });
  assertEquals([most, trials.length], [3, 12]);
  const { ended, trials: few } = await tune({
    space,
    timeout: 1e-9,
    objective: () => 1,
  });
  assertEquals([ended, few.length], ["timeout", 0]);
});

Deno.test("options out of range are refused", async () => {
  const refused = async (options: Partial<TuneOptions<typeof SPACE>>, message: string) =>
    assertEquals((await assertRejects(() => tune({ ...SEARCH, ...options }), RangeError)).message, message);
  await refused({ trials: 0 }, "Cannot tune: trials must be an integer from 1, received 0");
  await refused({ parallel: 1.5 }, "Cannot tune: parallel must be an integer from 1, received 1.5");
  await refused({ timeout: 0 }, "Cannot tune: timeout must be above 0, received 0");
  await refused({ seed: -1 }, "Cannot tune: seed must be an integer in [0, 2^32), received -1");
});
