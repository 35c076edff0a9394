import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { countFields, countScores, type TrainingStatistics } from "../../src/drift/training_statistics.ts";
import { DriftMonitor, type DriftOptions, worstLevel } from "../../src/serve/drift.ts";
import type { RequestSuccess, ServedModel } from "../../src/serve/served_model.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { stabilityReference } from "../reference/drift.ts";

type Given = { user: string | null; price: number };

const features = [categorical("user"), numeric("price")];
const rows = (count: number, row: (i: number) => Given): Given[] => Array.from({ length: count }, (_, i) => row(i));
// Users a (half), b (a quarter), c and missing ones; prices 0 to 9 alike.
const USERS = ["a", "a", "a", "a", "b", "b", "c", null];
const usual = (i: number): Given => ({ user: USERS[i % 8], price: i % 10 });
const training = readRows(rows(400, usual).map((row, i) => ({ ...row, click: i % 2 })), { label: "click", features });
const { schema } = training;
const SCORES = Float32Array.from({ length: 400 }, (_, i) => (i % 20 + 0.5) / 20);

const statistics = (sampleOf: TrainingStatistics["sampleOf"]): TrainingStatistics => ({
  ...{ rows: 400, labelRates: [0.5], sampleOf, sampleRows: 400 },
  fields: countFields(training),
  scores: [countScores(SCORES)],
});

const modelOf = (trained: TrainingStatistics | undefined) => {
  return { name: "ctr", version: "1", tasks: ["click"], schema, trained } as unknown as ServedModel;
};

/** Hands rows to a monitor as a request whose scores `scoreOf` gives. */
function serve(
  monitor: DriftMonitor,
  model: ServedModel,
  given: readonly Given[],
  scoreOf: (i: number) => number,
  shared?: ReadonlySet<string>,
): void {
  const data = readRows(given, schema, { labeled: false });
  const scores = [{ scores: Float32Array.from(given, (_, i) => scoreOf(i)), logits: new Float32Array(given.length) }];
  monitor.onSuccess(model, { data, scores, ms: 1, queueMs: 0, given: { rows: () => given, shared } } as RequestSuccess);
}

const usualScore = (i: number): number => SCORES[i % 400];

const watch = (options: DriftOptions = {}, trained: TrainingStatistics | undefined = statistics("validation")) => {
  const clock = { now: 0 };
  return { clock, model: modelOf(trained), monitor: new DriftMonitor({ minRows: 100, ...options }, () => clock.now) };
};

Deno.test("rows like those of training are green", () => {
  const { model, monitor } = watch();
  serve(monitor, model, rows(400, usual), usualScore);
  const { level, rows: served, scores: [scores], fields } = monitor.report(model);
  assertEquals([level, served, scores.psi, scores.level], ["green", 400, 0, "green"]);
  assertEquals(scores.counts, scores.trained);
  assertEquals(fields.map(({ name, psi, level, unseen, missing }) => [name, psi, level, unseen, missing]), [
    ["user", 0, "green", 0, 1 / 8],
    ["price", 0, "green", 0, 0],
  ]);
});

Deno.test("scores and fields that move turn amber and red, by the reference's index", () => {
  const { model, monitor } = watch();
  // Every other row is a user whom training did not have, and all prices are in the upper half.
  const moved = rows(400, (i) => ({ user: i % 2 === 0 ? "z" : "a", price: 5 + i % 5 }));
  serve(monitor, model, moved, (i) => usualScore(i) ** 4);
  const { level, scores: [scores], fields: [user, price] } = monitor.report(model);
  assertEquals([level, scores.level, user.level, price.level], ["red", "red", "red", "red"]);
  const before = statistics("validation");
  assertAlmostEquals(scores.psi, stabilityReference(before.scores![0].counts, scores.counts), 1e-12);
  // Bins: missing, unseen, a, b, c.
  assertAlmostEquals(user.psi, stabilityReference([50, 0, 200, 100, 50], [0, 200, 200, 0, 0]), 1e-12);
  assertEquals([user.unseen, user.missing, user.trainedUnseen, user.trainedMissing], [0.5, 0, 0, 0.125]);
  assertAlmostEquals(
    price.psi,
    stabilityReference(before.fields[1].counts, [0, 0, 0, 0, 0, 0, 0, 80, 80, 80, 80, 80]),
    1e-12,
  );

  const slightly = watch({ psi: 0.2 });
  serve(slightly.monitor, slightly.model, rows(400, usual), (i) => usualScore(i) ** 1.35);
  const { scores: [less] } = slightly.monitor.report(slightly.model);
  assert(less.psi >= 0.1 && less.psi < 0.2, `${less.psi}`);
  assertEquals([less.level, slightly.monitor.report(slightly.model).level], ["amber", "amber"]);
});

Deno.test("unseen values are no drift of shares where training itself is the measure, but have a limit of their own", () => {
  const some = rows(400, (i) => i % 20 === 0 ? { user: "z", price: i % 10 } : usual(i));
  const levelOf = (options: DriftOptions, sampleOf: TrainingStatistics["sampleOf"]) => {
    const { model, monitor } = watch(options, statistics(sampleOf));
    serve(monitor, model, some, usualScore);
    return monitor.report(model).fields[0].level;
  };
  assertEquals(levelOf({}, "training"), "green");
  assertEquals(levelOf({}, "validation"), "amber");
  assertEquals(levelOf({ unseen: 0.06 }, "training"), "amber");
  assertEquals(levelOf({ unseen: 0.05 }, "training"), "red");
});

Deno.test("nothing is said of few rows, nor without statistics of training", () => {
  const few = watch({ minRows: 401 });
  serve(few.monitor, few.model, rows(400, (_) => ({ user: "z", price: 0 })), () => 0.99);
  assertEquals(few.monitor.report(few.model).level, "unknown");
  const old = watch({}, undefined);
  const model = modelOf(undefined);
  serve(old.monitor, model, rows(400, (i) => ({ user: i < 100 ? "z" : "a", price: 0 })), () => 0.99);
  const { level, rows: served, scores: [scores], fields: [user] } = old.monitor.report(model);
  assertEquals([level, served, scores.level, user.level], ["unknown", 400, "unknown", "unknown"]);
  assertEquals([scores.trained, scores.counts.at(-1), user.unseen], [[], 400, 0.25]);
  assert(Number.isNaN(user.psi));
  assertEquals(worstLevel(["unknown", "green", "amber"]), "amber");
  assertEquals(worstLevel([]), "unknown");
});

Deno.test("what the candidates of a request have in common counts once", () => {
  const { model, monitor } = watch({ minRows: 80 });
  for (let i = 0; i < 80; i++) {
    const candidates = rows(50, (k) => ({ user: USERS[i % 8], price: k % 10 }));
    serve(monitor, model, candidates, (k) => usualScore(k), new Set(["user"]));
  }
  const { fields: [user, price], rows: served } = monitor.report(model);
  assertEquals([user.count, price.count, served], [80, 4000, 4000]);
  assertEquals([user.missing, user.level], [1 / 8, "green"]);
});

Deno.test("old rows are forgotten, and models and versions are told apart", () => {
  const { clock, model, monitor } = watch({ windowMs: 1200 });
  const other = modelOf(statistics("validation"));
  serve(monitor, model, rows(400, (_) => ({ user: "z", price: 0 })), () => 0.99);
  serve(monitor, other, rows(400, usual), usualScore);
  assertEquals([monitor.report(model).level, monitor.report(other).level], ["red", "green"]);
  clock.now = 1000;
  serve(monitor, model, rows(400, usual), usualScore);
  assertEquals([monitor.report(model).level, monitor.report(model).rows], ["red", 800]);
  clock.now = 1200;
  assertEquals([monitor.report(model).level, monitor.report(model).rows], ["green", 400]);
  clock.now = 2300;
  assertEquals([monitor.report(model).level, monitor.report(model).rows], ["unknown", 0]);
});

Deno.test("options of drift are refused out of their range", () => {
  assertThrows(() => new DriftMonitor({ psi: 0 }), RangeError, "psi must be above 0, received 0");
  assertThrows(() => new DriftMonitor({ windowMs: Infinity }), RangeError, "windowMs must be above 0");
});
