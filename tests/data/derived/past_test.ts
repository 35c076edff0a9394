import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { auc } from "../../../src/metrics/ranking.ts";
import { Dataset } from "../../../src/data/dataset.ts";
import { joinTexts } from "../../../src/data/derived/cross.ts";
import { pastCount, pastRate } from "../../../src/data/derived/past.ts";
import { pastStatistics } from "../../../src/data/derived/past_statistics.ts";
import { describe } from "../../../src/data/describe.ts";
import { FittedSchema } from "../../../src/data/fitted_schema.ts";
import { randomUnit, shuffled } from "../../../src/data/random.ts";
import { readEventsSplit } from "../../../src/data/read_events.ts";
import { kFold } from "../../../src/data/folds.ts";
import { readCsvFolds, readDataSplit } from "../../../src/data/refit.ts";
import { readRows } from "../../../src/data/rows.ts";
import { categorical, numeric, parseSchema, type Schema, sequence } from "../../../src/data/schema.ts";
import { InputColumns } from "../../../src/serve/inputs.ts";
import { inFolder } from "../../folder.ts";
import { file, rowsOf, valuesOf } from "../files.ts";
import { naiveEnd, naiveStatistics, type PastRow, type PastRule } from "./past_reference.ts";
import { contentOf, encodeEverywhere, readEverywhere } from "./sources.ts";

/** Numbers of a field as the model reads them, NaN where its row is that of missing values. */
function numbersOf(data: Dataset, f: number): number[] {
  const missing = rowsOf(data, f);
  return valuesOf(data, f).map((value, row) => missing[row] === 1 ? NaN : value);
}

const float32 = (numbers: readonly number[]): number[] => [...Float32Array.from(numbers)];

/** Rows of six users and four items whose times repeat and are in no order; some values are missing. */
function drawRows(count: number, seed: number): { y: number; user: string | null; item: string; at: number }[] {
  const draw = (row: number, what: number, below: number) => Math.floor(randomUnit(seed, row, what) * below);
  return Array.from({ length: count }, (_, row) => {
    const user = draw(row, 1, 7);
    return {
      y: draw(row, 0, 3) === 0 ? 1 : 0,
      user: user === 6 ? null : `u${user}`,
      item: `i${draw(row, 2, 4)}`,
      at: draw(row, 3, 40),
    };
  });
}

const RULES: readonly PastRule[] = [
  { past: "count" },
  { past: "count", window: 7 },
  { past: "rate", smoothing: 20 },
  { past: "rate", smoothing: 0 },
  { past: "rate", smoothing: 3, prior: 0.25 },
  { past: "rate", smoothing: 2, window: 5 },
  { past: "rate", smoothing: 2, window: 0.5, prior: 0 },
];

for (const { past, ...rule } of RULES) {
  for (const columns of [["user"], ["user", "item"]]) {
    const name = `${past} of ${columns.join(" and ")} with ${JSON.stringify(rule)}`;
    Deno.test(`${name} is that of a loop over all rows`, () => {
      const rows = drawRows(150, 9);
      const valueOf = (row: Record<string, unknown>): string | undefined => {
        const texts = columns.map((column) => row[column] as string | null);
        return texts.includes(null) ? undefined : joinTexts(texts as string[]);
      };
      const flat = rows.map((row): PastRow => ({ value: valueOf(row), label: row.y, time: row.at }));
      const declare = past === "count" ? pastCount : pastRate;
      const feature = declare(columns, { ...rule, scale: "none" });
      const schema = { label: "y", time: "at", features: [feature] };
      const data = readRows(rows, schema, { unknown: "ignore" });
      assertEquals(numbersOf(data, 0), float32(naiveStatistics(flat, { past, ...rule })));

      const asked = [...drawRows(20, 4), { y: 0, user: "new", item: "i0", at: 0 }];
      const later = readRows(asked.map(({ user, item }) => ({ user, item })), data.schema, { unknown: "ignore" });
      assertEquals(numbersOf(later, 0), float32(asked.map((row) => naiveEnd(flat, valueOf(row), { past, ...rule }))));

      // Without a time, rows are in order, each at a time of its own.
      if (rule.window !== undefined) return;
      const ordered = readRows(rows, { label: "y", features: [feature] }, { unknown: "ignore" });
      const inOrder = flat.map((row, time) => ({ ...row, time }));
      assertEquals(numbersOf(ordered, 0), float32(naiveStatistics(inOrder, { past, ...rule })));
    });
  }
}

Deno.test("rows at one time know nothing of each other, and the order of the file counts for nothing", () => {
  const rows = [
    { y: 1, user: "a", at: "2014-10-22" },
    { y: 1, user: "a", at: "2014-10-21" },
    { y: 0, user: "a", at: "2014-10-22" },
    { y: 0, user: "a", at: "2014-10-23" },
  ];
  const features = [pastCount("user", { scale: "none" }), pastRate("user", { smoothing: 0, scale: "none" })];
  const data = readRows(rows, { label: "y", time: "at", features });
  assertEquals(numbersOf(data, 0), [1, 0, 1, 3]);
  assertEquals(numbersOf(data, 1), [1, NaN, 1, Math.fround(2 / 3)]);
  const day = 24 * 3600 * 1000;
  const last = readRows(rows, {
    label: "y",
    time: "at",
    features: [pastCount("user", { window: day, scale: "none" })],
  });
  assertEquals(numbersOf(last, 0), [1, 0, 1, 2]);
  // The window of rows to come reaches back from the last day.
  assertEquals(numbersOf(readRows([{ user: "a" }], last.schema), 0), [3]);
});

const FEATURES = [
  pastRate("user"),
  pastCount("user"),
  pastRate(["user", "item"], { smoothing: 2, buckets: 3, name: "pair" }),
];
const SCHEMA: Schema = { label: "y", features: FEATURES };

Deno.test("statistics are the same whatever the rows come from, and in service", async () => {
  const rows = drawRows(60, 2).map(({ y, user, item }) => ({ y: `${y}`, user, item }));
  const { schema } = await readEverywhere(rows, SCHEMA);
  await encodeEverywhere([{ user: "u1", item: "i0" }, { user: "new", item: "i0" }, { user: null, item: "i1" }], schema);
});

Deno.test("the numbers of a statistic are scaled, cut and counted as others are", () => {
  const rows = drawRows(80, 6);
  const data = readRows(rows, { label: "y", features: FEATURES }, { unknown: "ignore" });
  const [rate, count, pair] = data.schema.fields;
  assertEquals([rate.kind, count.scaling!.scale, pair.kind, pair.edges!.length], ["numeric", "log", "bucketed", 2]);
  const mean = numbersOf(data, 0).filter((x) => !Number.isNaN(x)).reduce(
    (sum, x, _, { length }) => sum + x / length,
    0,
  );
  assertAlmostEquals(mean, 0, 1e-6);
  assertEquals(data.coverage!.map(({ missing }) => missing)[1], rows.filter(({ user }) => user === null).length);
});

Deno.test("with several labels, a rate is of the first or of the one that is named, where it is known", () => {
  const rows = [[1, 0], [0, 1], ["", 1], [1, 0]].map(([click, buy]) => ({ click, buy, user: "a" }));
  const features = [
    pastRate("user", { smoothing: 0, scale: "none" }),
    pastRate("user", { smoothing: 0, scale: "none", label: "buy", name: "bought" }),
  ];
  const data = readRows(rows, { labels: ["click", "buy"], features });
  assertEquals(numbersOf(data, 0), [NaN, 1, 0.5, 0.5]);
  assertEquals(numbersOf(data, 1), [NaN, 0, 0.5, Math.fround(2 / 3)]);
});

Deno.test("labels of rows that do not train enter nothing, in splits, folds and events", async () => {
  const rows = drawRows(200, 3).map((row, id) => ({ ...row, id: `${id}` }));
  const schema: Schema = { label: "y", time: "at", features: [...FEATURES, categorical("id")] };
  // Turning the labels of held rows over must change none of the numbers of any row.
  const turned = (held: ReadonlySet<string>) => rows.map((row) => held.has(row.id) ? { ...row, y: 1 - row.y } : row);
  const idsOf = (data: Dataset) => {
    const { vocabulary = [], missing } = data.schema.fields[3];
    return rowsOf(data, 3).map((row) => vocabulary[row - (missing ? 2 : 1)]);
  };
  const numbers = (data: Dataset) => ({ ids: data.ids, values: data.values, schema: data.schema.toJSON() });
  for (const by of [{ seed: 1 }, { by: "at" }, { by: "position" }, { by: "group", column: "item", seed: 2 }]) {
    const split = (source: typeof rows) => readDataSplit(source, schema, [0.7, 0.3], by as { seed: number });
    const parts = await split(rows);
    const training = new Set(idsOf(parts[0]));
    const others = await split(turned(new Set(rows.map(({ id }) => id).filter((id) => !training.has(id)))));
    others.forEach((part, i) => assertEquals(numbers(part), numbers(parts[i])));
    const alone = rows.filter(({ id }) => training.has(id));
    if (by.by === undefined) assertEquals(contentOf(parts[0]), contentOf(readRows(alone, schema)));
  }
  const csv = (source: typeof rows) =>
    file(
      ["y,user,item,at,id", ...source.map(({ y, user, item, at, id }) => [y, user, item, at, id].join())].join("\n"),
    );
  const folds = async (source: typeof rows) => [...await readCsvFolds(csv(source), schema, 3, { seed: 4 })];
  for (const [k, { training, test }] of (await folds(rows)).entries()) {
    const kept = new Set(idsOf(training));
    const other = (await folds(turned(new Set(rows.map(({ id }) => id).filter((id) => !kept.has(id))))))[k];
    assertEquals(numbers(other.training), numbers(training));
    assertEquals(numbers(other.test), numbers(test));
  }
  const features = [...FEATURES, categorical("item"), sequence("history", { of: "item" })];
  const columns = { user: "user", item: "item", time: "at", by: "position" };
  const events = (source: typeof rows) =>
    readEventsSplit(source.filter(({ user }) => user), { label: "y", features }, [0.5, 0.5], columns);
  const half = rows.filter(({ user }) => user).slice(0, rows.filter(({ user }) => user).length / 2);
  const parts = await events(rows);
  const others = await events(turned(new Set(rows.filter((row) => !half.includes(row)).map(({ id }) => id))));
  others.forEach((part, i) => assertEquals(numbers(part), numbers(parts[i])));
});

Deno.test("rows whose statistics were made of all of them are not divided", async () => {
  const data = readRows(drawRows(30, 1), SCHEMA, { unknown: "ignore" });
  const message = "statistics of the past know the labels of all rows";
  assertThrows(() => data.split([0.5, 0.5], { seed: 1 }), TypeError, message);
  assertThrows(() => kFold(data, 2, { seed: 1 }), TypeError, message);
  const [training, test] = await readDataSplit(drawRows(30, 1), SCHEMA, [0.5, 0.5], { seed: 1 });
  assertThrows(() => training.split([0.5, 0.5], { seed: 1 }), TypeError, message);
  // Other rows have the statistics of those that the schema was fitted to.
  assertEquals(test.split([0.4, 0.6], { seed: 1 }).map(({ rows }) => rows), [6, 9]);
  assertThrows(() => data.downsampleNegatives(0.5, { seed: 1 }).split([0.5, 0.5], { seed: 1 }), TypeError, message);
  await inFolder(async (folder) => {
    await data.save(`${folder}/rows.weft`);
    const loaded = await Dataset.load(`${folder}/rows.weft`);
    assertEquals(contentOf(loaded), contentOf(data));
    assertThrows(() => loaded.split([0.5, 0.5], { seed: 1 }), TypeError, message);
  });
});

/** Numbers of the rate of `user` by the reference that lets each row's own label in. */
function leakingRates(rows: readonly PastRow[]): number[] {
  const seen = new Map<string, { n: number; c: number }>();
  return rows.map(({ value, label }) => {
    const { n, c } = seen.get(value!) ?? { n: 0, c: 0 };
    seen.set(value!, { n: n + 1, c: c + label });
    return (c + label + 1) / (n + 1 + 2);
  });
}

Deno.test("on labels shuffled over all rows, the AUC of a rate is 0.5", () => {
  const [count, users] = [40_000, 2000];
  const order = shuffled(count, 21);
  const rows = Array.from({ length: count }, (_, row) => ({
    y: order[row] % 4 === 0 ? 1 : 0,
    user: `u${Math.floor(randomUnit(8, row) * users)}`,
  }));
  const features = [pastRate("user", { smoothing: 2, prior: 0.25, scale: "none" })];
  const { values } = readRows(rows, { label: "y", features });
  const labels = rows.map(({ y }) => y);
  const positives = count / 4;
  const deviation = Math.sqrt((count + 1) / (12 * positives * (count - positives)));
  const measured = auc(values!, labels);
  assertEquals(Math.abs(measured - 0.5) < 3 * deviation, true, `${measured}`);
  // A rate that the row's own label enters could not hide.
  const leaking = leakingRates(rows.map(({ y, user }, time) => ({ value: user, label: y, time })));
  assertEquals(auc(leaking, labels) > 0.5 + 10 * deviation, true);
});

Deno.test("on labels shuffled within each value, the AUC of a rate within values is 0.5", () => {
  // Of rows that are drawn without replacement, earlier ones tell a little of later ones: a window of some 20 of the 2000
  // rows of a value leaves an effect far below the sampling error.
  const [users, each] = [20, 2000];
  const labels: number[] = [];
  const rows = Array.from(
    { length: users * each },
    (_, row) => ({ user: row % users, place: Math.floor(row / users) }),
  );
  const orders = Array.from({ length: users }, (_, user) => shuffled(each, 31, user));
  for (const { user, place } of rows) labels.push(orders[user][place] < each * (user + 1) / (users + 1) ? 1 : 0);
  const { numbers } = pastStatistics({
    values: Uint32Array.from(rows, ({ user }) => user + 1),
    distinct: users,
    labels: Float32Array.from(labels),
    times: Float64Array.from(rows, ({ place }) => place),
  }, { past: "rate", of: ["user"], smoothing: 1, prior: 0.5, window: 20 });
  let [mean, variance] = [0, 0];
  for (let user = 0; user < users; user++) {
    const own = rows.flatMap((row, r) => row.user === user && row.place >= 20 ? [r] : []);
    const known = own.map((r) => labels[r]);
    const positives = known.reduce((sum, label) => sum + label, 0);
    mean += auc(own.map((r) => numbers[r]), known) / users;
    variance += (own.length + 1) / (12 * positives * (own.length - positives)) / users ** 2;
  }
  assertEquals(Math.abs(mean - 0.5) < 3 * Math.sqrt(variance), true, `${mean} ${Math.sqrt(variance)}`);
});

Deno.test("statistics are in the saved schema, and one that lacks them is refused", async () => {
  const { schema } = readRows(drawRows(30, 1), SCHEMA, { unknown: "ignore" });
  const json = JSON.parse(JSON.stringify(schema));
  const again = FittedSchema.fromJSON(json);
  assertEquals([again.toJSON(), await again.fingerprint()], [schema.toJSON(), await schema.fingerprint()]);
  const [first] = json.fields;
  for (const past of [undefined, { ...first.past, rows: [1] }, { ...first.past, all: ["1", 2] }]) {
    const damaged = { ...json, fields: [{ ...first, past }, ...json.fields.slice(1)] };
    assertThrows(
      () => FittedSchema.fromJSON(damaged),
      TypeError,
      'field "user_rate" must have past with a list of values',
    );
  }
  const turned = readRows(drawRows(30, 1).map((row) => ({ ...row, y: 1 - row.y })), SCHEMA, { unknown: "ignore" });
  assertEquals(await turned.schema.fingerprint() === await schema.fingerprint(), false);
});

Deno.test("a server asks for the raw columns of a statistic", () => {
  const { schema } = readRows(drawRows(30, 1), SCHEMA, { unknown: "ignore" });
  const inputs = new InputColumns(schema);
  assertEquals(inputs.descriptions.map(({ name, datatype }) => [name, datatype]), [["user", "BYTES"], [
    "item",
    "BYTES",
  ]]);
  assertEquals(
    inputs.encode([{ user: "u1", item: "i1" }]).values,
    readRows([{ user: "u1", item: "i1" }], schema).values,
  );
});

Deno.test("describe leaves statistics of the past out", async () => {
  const features = [categorical("user"), ...FEATURES];
  const { fields } = await describe(drawRows(40, 1), { label: "y", features }, { parts: 1 });
  assertEquals(fields.map(({ name }) => name), ["user"]);
});

Deno.test("statistics that cannot be are refused when they are declared", () => {
  const refuses = (feature: object, message: string, declared: object = { label: "y" }) => {
    const features = [{ kind: "numeric", name: "n", ...feature }];
    assertThrows(() => parseSchema({ ...declared, features }), Error, message);
  };
  const rate = { past: "rate", of: ["user"] };
  refuses({ from: { past: "mean", of: ["user"] } }, 'past of feature "n" must be rate or count, received "mean"');
  refuses({ from: { past: "rate", of: [] } }, 'of of feature "n" must be a list of at least 1 columns');
  refuses({ from: { ...rate, smoothing: -1 } }, 'smoothing of feature "n" must be a number of at least 0, received -1');
  refuses({ from: { ...rate, prior: 2 } }, 'prior of feature "n" must be a number from 0 to 1, received 2');
  refuses({ from: { ...rate, window: 0 } }, 'window of feature "n" must be a number above 0, received 0');
  refuses({ from: { ...rate, window: 9 } }, 'window of feature "n" needs the time of the schema');
  refuses({ from: { ...rate, label: "buy" } }, 'label of feature "n" must be one of "y", received "buy"');
  refuses({ from: { past: "count", of: ["user"], prior: 0.5 } }, 'from of feature "n" can have past, of, window');
  refuses({ from: rate, column: "m" }, 'feature "n" must have from or column, received both');
  refuses({ from: { past: "rate", of: ["y"] } }, 'feature "n" must not be the label');
  refuses({ kind: "categorical", from: rate }, 'from of feature "n" can have cross, received "past"');
  const survival = { time: "t", event: "e", heads: { all: [1, 2] } };
  refuses({ from: rate }, 'feature "n" needs labels of 0 and 1, received times', { survival });
  assertEquals(numeric("n", { from: { past: "count", of: ["user"] } }).from, { past: "count", of: ["user"] });
});
