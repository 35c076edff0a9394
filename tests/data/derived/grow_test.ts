/** Schemas with derived features that grow by new rows. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset } from "../../../src/data/dataset.ts";
import { cross } from "../../../src/data/derived/cross.ts";
import { dateParts } from "../../../src/data/derived/dates.ts";
import { pastCount, pastRate } from "../../../src/data/derived/past.ts";
import { MOST_RECENT } from "../../../src/data/derived/past_fit.ts";
import { continuePast } from "../../../src/data/derived/past_run.ts";
import { FittedSchema } from "../../../src/data/fitted_schema.ts";
import { originsOf } from "../../../src/data/grow.ts";
import { randomUnit } from "../../../src/data/random.ts";
import { readDataGrown } from "../../../src/data/refit_grown.ts";
import { readRows, type Row } from "../../../src/data/rows.ts";
import { applyScale, findBucket } from "../../../src/data/scaling.ts";
import { categorical, numeric, type Schema } from "../../../src/data/schema.ts";
import { file, rowsOf, valuesOf } from "../files.ts";
import type { PastRule } from "./past_reference.ts";

/** Rows of a day, in no order of time; some values are missing, and each day has users of its own. */
function drawDay(day: number, count = 40): Row[] {
  const draw = (row: number, what: number, below: number) => Math.floor(randomUnit(5, day, row, what) * below);
  return Array.from({ length: count }, (_, row) => {
    const user = draw(row, 1, 6);
    return {
      y: draw(row, 0, 3) === 0 ? 1 : 0,
      user: user === 5 ? null : `u${user + (user > 2 ? 10 * day : 0)}`,
      item: `i${draw(row, 2, 3)}`,
      at: 20 * day + draw(row, 3, 19),
    };
  });
}

const DAYS = [1, 2, 3].map((day) => drawDay(day));

const saved = (schema: FittedSchema): FittedSchema => FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));

/** Grows a schema by one day after the other, and saves it in between; the numbers of field 0 by day, NaN where missing. */
async function growBy(days: readonly (readonly Row[])[], schema: Schema): Promise<[FittedSchema, number[][]]> {
  const first = readRows(days[0], schema, { unknown: "ignore" });
  const numbers = [numbersOf(first)];
  let fitted = first.schema;
  for (const day of days.slice(1)) {
    const today = await readDataGrown(day, saved(fitted));
    numbers.push(numbersOf(today));
    fitted = today.schema;
  }
  return [fitted, numbers];
}

function numbersOf(data: Dataset): number[] {
  const missing = rowsOf(data, 0);
  return valuesOf(data, 0).map((value, row) => missing[row] === 1 ? NaN : value);
}

/** What a schema knows of the past by value, whatever the order of the values. */
function knownOf({ fields }: FittedSchema) {
  const { values, rows, clicks, all, until, recent } = fields[0].past!;
  const named = recent && recent.times.map((time, i) => [time, values[recent.values[i] - 1], recent.labels[i]].join());
  const tallies = new Map(values.map((value, i) => [value, [rows[i], clicks[i]]]));
  return { tallies, all, until, recent: named?.sort() };
}

const RULES: readonly PastRule[] = [
  { past: "count" },
  { past: "count", window: 25 },
  { past: "rate", smoothing: 20 },
  { past: "rate", smoothing: 3, prior: 0.25 },
  { past: "rate", smoothing: 2, window: 25 },
  { past: "rate", smoothing: 0, window: 3 },
];

for (const { past, ...rule } of RULES) {
  for (const columns of [["user"], ["user", "item"]]) {
    const name = `${past} of ${columns.join(" and ")} with ${JSON.stringify(rule)}`;
    Deno.test(`${name} goes on from day to day as if all rows were read at once`, async () => {
      const declare = past === "count" ? pastCount : pastRate;
      const features = [declare(columns, { ...rule, scale: "none" })];
      const all = DAYS.flat();
      for (const time of rule.window === undefined ? ["at", undefined] : ["at"]) {
        const schema: Schema = { label: "y", features, ...(time && { time }) };
        const [grown, numbers] = await growBy(DAYS, schema);
        const whole = readRows(all, schema, { unknown: "ignore" });
        assertEquals(numbers.flat(), numbersOf(whole));
        assertEquals(knownOf(grown), knownOf(whole.schema));
        // Rows to come know all days.
        const asked = DAYS.flat().map(({ user, item }) => ({ user, item }));
        const [one, other] = [grown, whole.schema].map((known) => readRows(asked, known, { unknown: "ignore" }));
        assertEquals(numbersOf(one), numbersOf(other));
      }
    });
  }
}

Deno.test("numbers that go on are scaled and cut as those of the first day were", async () => {
  const raw = readRows(DAYS.flat(), { label: "y", features: [pastCount("user", { scale: "none" })] }, {
    unknown: "ignore",
  });
  const counts = numbersOf(raw);
  const features = [pastCount("user", { scale: "standard" }), pastCount("user", { buckets: 4, name: "cut" })];
  const first = readRows(DAYS[0], { label: "y", features }, { unknown: "ignore" });
  const today = await readDataGrown(DAYS[1], first.schema);
  const [scaled, cut] = first.schema.fields;
  assertEquals([today.schema.fields[0].scaling, today.schema.fields[1].edges], [scaled.scaling, cut.edges]);
  const known = counts.slice(DAYS[0].length, DAYS[0].length + DAYS[1].length);
  const row = (x: number) => Number.isNaN(x) ? 1 : 2 + findBucket(cut.edges!, x);
  assertEquals(
    [numbersOf(today), rowsOf(today, 1)],
    [known.map((x) => Math.fround(applyScale(scaled.scaling!, x))), known.map(row)],
  );
  assert(new Set(rowsOf(today, 1)).size > 2, "there are counts in several buckets");
  // Their own labels are in what the schema knows.
  assertThrows(() => today.split([0.5, 0.5], { seed: 1 }), TypeError, "know the labels of all rows");
});

Deno.test("a file grows a schema as rows do, and a digest tells only what encodes", async () => {
  const schema: Schema = { label: "y", time: "at", features: [pastRate("user", { window: 25, scale: "none" })] };
  const csv = (rows: readonly Row[]) =>
    file(["y,user,at", ...rows.map(({ y, user, at }) => [y, user ?? "", at].join())].join("\n"));
  const { schema: first } = readRows(DAYS[0], schema, { unknown: "ignore" });
  const [one, other] = await Promise.all([DAYS[1], csv(DAYS[1])].map((source) => readDataGrown(source, first)));
  assertEquals([one.ids, one.values, one.schema.toJSON()], [other.ids, other.values, other.schema.toJSON()]);
  const json = JSON.parse(JSON.stringify(first));
  delete json.fields[0].past.recent;
  delete json.fields[0].past.until;
  assertEquals(await FittedSchema.fromJSON(json).fingerprint(), await first.fingerprint());
});

Deno.test("a rate of one of several labels goes on where the label is known", async () => {
  const days = DAYS.map((day) => day.map((row, r): Row => ({ ...row, buy: r % 4 === 0 ? "" : Number(r % 3 === 0) })));
  for (const window of [undefined, 25]) {
    const features = [pastRate("user", { label: "buy", smoothing: 2, scale: "none", window })];
    const schema: Schema = { labels: ["y", "buy"], time: "at", features };
    const [grown, numbers] = await growBy(days, schema);
    const whole = readRows(days.flat(), schema, { unknown: "ignore" });
    assertEquals(numbers.flat(), numbersOf(whole));
    assertEquals(knownOf(grown), knownOf(whole.schema));
  }
});

Deno.test("rows that do not come later, and files that know too little to go on, are refused", async () => {
  const features = [pastRate("user", { scale: "none" }), pastCount("user", { window: 9, name: "w" })];
  const { schema } = readRows(DAYS[1], { label: "y", time: "at", features }, { unknown: "ignore" });
  const refuse = (known: FittedSchema, message: string, rows = DAYS[2]) =>
    assertRejects(() => readDataGrown(rows, known), RangeError, message);
  const last = Math.max(...DAYS[1].map(({ at }) => at as number));
  const message = `Cannot grow schema: times must be later than ${last}, the last of the rows before, since feature ` +
    `"user_rate" is made of these, received ${last}`;
  await refuse(schema, message, [...DAYS[2], { ...DAYS[2][0], at: last }]);
  const without = (key: "until" | "recent", f: number) => {
    const json = JSON.parse(JSON.stringify(schema));
    delete json.fields[f].past[key];
    return FittedSchema.fromJSON(json);
  };
  await refuse(without("until", 0), 'feature "user_rate" must know the time of its last row, received none');
  await refuse(without("recent", 1), 'feature "w" must know the rows in its window, at most 1048576 of them');
  const json = JSON.parse(JSON.stringify(schema));
  json.fields[1].past.recent.labels.pop();
  assertThrows(() => FittedSchema.fromJSON(json), TypeError, 'field "w" must have past with recent times, values and');
});

Deno.test("of a window with very many rows, a schema knows the statistics alone", () => {
  const rows = (count: number) => ({
    values: new Uint32Array(count).fill(1),
    times: new Float64Array(count),
    labels: new Float32Array(count),
    texts: ["a"],
  });
  const from = { past: "count", of: ["user"], window: 1 } as const;
  const [most, more] = [MOST_RECENT, MOST_RECENT + 1].map((count) => continuePast("n", from, rows(count)).past);
  assertEquals([most.recent!.times.length, more.recent, more.rows], [MOST_RECENT, undefined, [MOST_RECENT + 1]]);
});

const HOUR = 3600;

Deno.test("combinations and parts of dates get rows as names do, and known ones keep theirs", async () => {
  const schema: Schema = {
    label: "y",
    features: [
      cross(["user", "item"]),
      cross(["user", "item"], { name: "rare", minCount: 2 }),
      cross(["user", "item"], { name: "hashed", hashBuckets: 7 }),
      ...dateParts("at", { parts: ["hour"] }),
    ],
  };
  const rows = (users: string, hours: readonly number[]): Row[] =>
    hours.map((hour, r) => ({ y: r % 2, user: users[r], item: "x", at: hour * HOUR }));
  const first = readRows(rows("aab", [7, 8, 7]), schema);
  const today = await readDataGrown(rows("caacd", [9, 7, 9, 9, 9]), first.schema, { dropUnseenFor: 1 });
  assertEquals(today.schema.fields.map(({ vocabulary }) => vocabulary), [
    ["a*x", "c*x", "d*x"],
    ["a*x", "c*x"],
    [],
    ["7", "8", "9"], // An hour without rows comes again.
  ]);
  const { from } = originsOf(first.schema, today.schema);
  const known = first.schema.fields.flatMap((field, f) =>
    [...first.schema.tokenRows(field)].flatMap(([text, row]) => {
      const grown = today.schema.fields[f];
      const after = today.schema.tokenRows(grown).get(text);
      return after === undefined ? [] : [[from[grown.offset + after], field.offset + row]];
    })
  );
  assertEquals([known.length, known.every(([old, row]) => old === row)], [4, true]);
  assertEquals(rowsOf(today, 2).slice(1, 3), rowsOf(first, 2).slice(0, 2));
});

Deno.test("what stands in for missing values stays, where a day has none of the others, too", async () => {
  const ways = ["mean", "median", "mode", "nearest"] as const;
  const schema: Schema = {
    label: "y",
    features: [
      ...ways.map((ifMissing) => numeric(ifMissing, { column: "price", ifMissing })),
      numeric("age"),
      categorical("user", { ifMissing: "mode" }),
      categorical("ad", { ifMissing: { value: "none" } }),
    ],
  };
  const rows = (prices: readonly (number | null)[], user: string | null, ad: string | null): Row[] =>
    prices.map((price, r) => ({ y: r % 2, price, age: r, user, ad }));
  const first = readRows(rows([1, 2, 6, 6], "u", "a"), schema);
  const today = await readDataGrown(rows([null, null], null, null), first.schema, { dropUnseenFor: 1 });
  const fills = ({ fields }: FittedSchema) => fields.map(({ fill, missing }) => [fill, missing]);
  assertEquals(fills(today.schema), fills(first.schema));
  assertEquals(today.schema.fields.slice(-2).map(({ vocabulary }) => vocabulary), [["u"], ["none"]]);
  assertEquals(rowsOf(today, 5), [1, 1]);
  // Nor is it dropped when nothing stands for it.
  const next = await readDataGrown(rows([1, 2], "v", "a"), today.schema, { dropUnseenFor: 1 });
  assertEquals(next.schema.fields.slice(-2).map(({ vocabulary }) => vocabulary), [["u", "v"], ["none", "a"]]);
});
