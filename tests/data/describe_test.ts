import { describe } from "../../src/data/describe.ts";
import { targetRateAuc } from "../../src/data/describe/leak.ts";
import { quantilesOf } from "../../src/data/describe/number_sample.ts";
import { countRow, createTally, FOLDS, rowsOf, type Tally } from "../../src/data/describe/tally.ts";
import { ValueCounts } from "../../src/data/describe/value_counts.ts";
import { randomU32, randomUnit } from "../../src/data/random.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { outOfFoldRates, pairAuc } from "../reference/describe.ts";

const draw = (seed: number, row: number): number => randomUnit(seed, row);

/** Rows with a leak, a field of unique names, a constant, a copy, a field that drifts, and numbers. */
const ROWS = Array.from({ length: 2000 }, (_, r) => {
  const click = +(draw(1, r) < 0.2);
  const site = `s${Math.floor(draw(2, r) * 5)}`;
  return {
    click,
    id: `id${r}`,
    leak: click === 1 && draw(3, r) < 0.99 ? "buy" : "none",
    constant: "x",
    site,
    copy: site,
    week: draw(4, r) < r / 2000 ? "new" : "old",
    gap: draw(5, r) < 0.25 ? null : "there",
    price: r % 10 === 0 ? "" : String(Math.round(100 * draw(6, r)) + 50 * click),
    at: 1999 - r,
  };
});

const NAMES = ["id", "leak", "constant", "site", "copy", "week", "gap"];
const SCHEMA: Schema = {
  label: "click",
  features: [...NAMES.map((name) => categorical(name)), numeric("price"), sequence("tags")],
};
const CSV = [
  [...NAMES, "price", "click", "at", "tags"].join(),
  ...ROWS.map((row) => [...NAMES.map((name) => row[name as "id"] ?? ""), row.price, row.click, row.at, ""].join()),
].join("\n");

Deno.test("a description counts values, missing ones and label rates as loops over the rows do", async () => {
  const { fields, rows, positives, duplicates } = await describe(ROWS, SCHEMA);
  assertEquals([rows, positives, duplicates], [2000, ROWS.filter(({ click }) => click).length, {
    rows: 0,
    approximate: false,
  }]);
  const byName = Object.fromEntries(fields.map((field) => [field.name, field]));
  assertEquals(fields.map(({ name, cardinality }) => [name, cardinality]), [
    ...[["id", 2000], ["leak", 2], ["constant", 1], ["site", 5], ["copy", 5], ["week", 2], ["gap", 1]],
    ["price", new Set(ROWS.map(({ price }) => price)).size - 1],
  ]);
  assertEquals(byName.gap.missing, ROWS.filter(({ gap }) => gap === null).length / 2000);
  for (const { value, rows, rate, interval: [low, high] } of byName.site.top) {
    const own = ROWS.filter(({ site }) => site === value);
    const mean = own.filter(({ click }) => click).length / own.length;
    assertEquals([rows, rate], [own.length, mean]);
    // The ends of Wilson's interval are the rates from which the observed one is z standard deviations away.
    for (const end of [low, high]) {
      assertAlmostEquals((rate - end) ** 2, 1.959963984540054 ** 2 * end * (1 - end) / rows, 1e-12);
    }
  }
  assertEquals(
    byName.site.top.map(({ rows }) => rows),
    byName.site.top.map(({ rows }) => rows).toSorted((a, b) => b - a),
  );
});

Deno.test("leaks, constants, copies and drift are warned of, and unique names are not accused", async () => {
  const { fields, parts } = await describe(ROWS, SCHEMA);
  assertEquals(parts, { by: "position", count: 4 });
  assertEquals(Object.fromEntries(fields.map(({ name, warnings }) => [name, warnings])), {
    ...{ id: [], leak: ["leak"], constant: ["constant"], site: [], copy: ["duplicate"], week: ["drift"], gap: [] },
    price: [],
  });
  const [id, leak, constant, , copy, week] = fields;
  // All values of `id` differ between parts as well, which only its number of values says.
  assertEquals([id.auc, constant.auc, copy.sameAs], [0.5, 0.5, "site"]);
  assert(leak.auc > 0.95 && week.drift[2] > week.drift[0], `${leak.auc} ${week.drift}`);
  const reversed = await describe(ROWS, { ...SCHEMA, time: "at" });
  assertEquals(reversed.parts.by, "at");
  assert(reversed.fields[5].drift[2] > 1);
});

Deno.test("the AUC of a field is that of rates of other folds, row by row", async () => {
  const { fields } = await describe(ROWS, SCHEMA);
  const labels = ROWS.map(({ click }) => click);
  const folds = ROWS.map((_, r) => randomU32(1, r) % FOLDS);
  for (const name of ["leak", "site", "week", "gap"] as const) {
    const rates = outOfFoldRates(ROWS.map((row) => row[name] ?? "\0"), labels, folds);
    assertAlmostEquals(fields.find((field) => field.name === name)!.auc, pairAuc(rates, labels, folds), 1e-12, name);
  }
});

Deno.test("labels without any relation to a field of many values leave its AUC at 0.5", () => {
  const deviations: number[] = [];
  for (let seed = 0; seed < 20; seed++) {
    const tallies = Array.from({ length: 500 }, () => createTally(1));
    for (let row = 0; row < 2000; row++) {
      const place = { label: +(draw(seed + 50, row) < 0.2), fold: randomU32(1, row) % FOLDS, part: 0 };
      countRow(tallies[Math.floor(draw(seed + 90, row) * 500)], place);
    }
    deviations.push(targetRateAuc(tallies) - 0.5);
  }
  const mean = deviations.reduce((sum, x) => sum + x, 0) / deviations.length;
  // The standard error of the mean of 20 such AUCs is 0.0036.
  assert(Math.abs(mean) < 0.015, String(mean));
});

Deno.test("numbers have the moments and quantiles of a loop, and the leak of their ranges", async () => {
  const { fields } = await describe(ROWS, SCHEMA);
  const { numbers, auc, missing } = fields.at(-1)!;
  const values = ROWS.filter(({ price }) => price !== "").map(({ price }) => Number(price));
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  assertEquals([numbers!.rows, numbers!.least, numbers!.most, missing], [
    values.length,
    Math.min(...values),
    Math.max(...values),
    0.1,
  ]);
  assertAlmostEquals(numbers!.mean, mean, 1e-9);
  assertAlmostEquals(numbers!.deviation, deviation, 1e-9);
  const sorted = values.toSorted((a, b) => a - b);
  assertEquals(numbers!.quantiles["50"], quantilesOf(sorted, [0.5])[0]);
  assertEquals(quantilesOf([1, 2, 4, 8], [0, 0.5, 0.75, 1]), [1, 3, 5, 8]);
  // Numbers of label 1 lie 50 above others, of a range of 100.
  assert(auc > 0.75 && auc < 0.95, String(auc));
});

Deno.test("files give what rows in memory give, read once or twice", async () => {
  const rows = await describe(ROWS, { ...SCHEMA, time: "at" });
  assertEquals(await describe(new File([CSV], "rows.csv"), { ...SCHEMA, time: "at" }), rows);
  const lines = ROWS.map((row) => JSON.stringify({ ...row, tags: [] })).join("\n");
  assertEquals(await describe(new File([lines], "rows.jsonl"), { ...SCHEMA, time: "at" }), rows);
  const half = CSV.split("\n");
  const files = [half.slice(0, 900), [half[0], ...half.slice(900)]].map((lines, i) => {
    return new File([lines.join("\n")], `dt=${i}/rows.csv`);
  });
  assertEquals((await describe(files, { ...SCHEMA, time: "at" })).fields, rows.fields);
  const once = await describe(new File([CSV], "rows.csv"), SCHEMA, { parts: 1 });
  assertEquals(once.fields.map(({ drift }) => drift), once.fields.map(() => []));
  assertEquals(once.fields[3].top, rows.fields[3].top);
});

Deno.test("rows that cannot be used are refused or counted, and texts in numbers are told of", async () => {
  const file = new File(["click,user,price\n1,a,3\n,b,4\nmaybe,b,4\n0,b\n0,b,dear\n0,b,dear\n"], "c.csv");
  const schema = { label: "click", features: [categorical("user"), numeric("price")] };
  await assertRejects(() => describe(file, schema), SyntaxError, 'Cannot read "c.csv" line 3');
  const { rows, skipped, missingLabels, fields, duplicates } = await describe(file, schema, {
    onBadRow: "skip",
    parts: 1,
  });
  assertEquals([rows, skipped, missingLabels, duplicates.rows], [3, 2, 1, 1]);
  assertEquals([fields[1].malformed, fields[1].warnings], [2, ["malformed"]]);
  await assertRejects(() => describe(file, schema, { parts: 0 }), RangeError, "parts must be an integer of at least 1");
  await assertRejects(() => describe([], schema), RangeError, "there must be a");
});

/** Counts texts exactly and within bounds. */
function countBoth(texts: Iterable<string>, most: number): { counts: ValueCounts; exact: Map<string, number> } {
  const counts = new ValueCounts(1, most);
  const exact = new Map<string, number>();
  for (const text of texts) {
    counts.add(text, { label: 0, fold: 0, part: 0 });
    exact.set(text, (exact.get(text) ?? 0) + 1);
  }
  return { counts, exact };
}

Deno.test("beyond its bound a field's values are estimated: how many there are, and the frequent ones", () => {
  const texts = Array.from(
    { length: 200_000 },
    (_, r) => r % 4 === 0 ? `hot${r % 12}` : `v${Math.floor(draw(7, r) * 60_000)}`,
  );
  const { counts, exact } = countBoth(texts, 2048);
  assert(counts.approximate);
  assert([...counts.tallies].length <= 2048);
  // The standard error of an estimate from 1024 to 2048 values is 2 to 3 %.
  assert(Math.abs(counts.cardinality / exact.size - 1) < 0.1, `${counts.cardinality} of ${exact.size}`);
  const top = counts.top(3).map(([text, tally]) => [text, rowsOf(tally).rows] as const);
  assertEquals(new Set(top.map(([text]) => text)), new Set(["hot0", "hot4", "hot8"]));
  for (const [text, rows] of top) assert(rows <= exact.get(text)! && rows > exact.get(text)! - 200_000 / 4096);
  const few = countBoth(texts.slice(0, 500), 2048);
  assertEquals([few.counts.approximate, few.counts.cardinality], [false, few.exact.size]);
});

Deno.test("sampled values are counted from their first row on", () => {
  const texts = Array.from({ length: 30_000 }, (_, r) => `v${Math.floor(draw(8, r) * 10_000)}`);
  const { counts, exact } = countBoth(texts, 1000);
  const rows = [...counts.tallies].map((tally: Tally) => rowsOf(tally).rows);
  const mean = rows.reduce((sum, count) => sum + count, 0) / rows.length;
  assert(Math.abs(mean / (30_000 / exact.size) - 1) < 0.1, String(mean));
});

Deno.test("numbers of which one is most of the first part drift when it becomes rarer", async () => {
  const rows = Array.from({ length: 400 }, (_, r) => ({ click: r % 2, days: r < 100 || r % 3 > 0 ? 999 : r % 20 }));
  const { fields: [days] } = await describe(rows, { label: "click", features: [numeric("days")] });
  assert(days.drift.every((index) => index > 0.2), String(days.drift));
});

Deno.test("values are described as training sees them", async () => {
  const schema: Schema = {
    ...{ label: "y", trim: true, lowerCase: true },
    features: [categorical("u"), numeric("x", { indicator: true, ifMissing: "mean" })],
  };
  const rows = [{ y: 1, u: "A ", x: " 3" }, { y: 0, u: "a", x: "n/a" }, { y: 0, u: "N/A", x: "5" }];
  const text = ["y,u,x", ...rows.map(({ y, u, x }) => [y, u, x].join())].join("\n");
  for (const data of [rows, new File([text], "d.csv")]) {
    const { fields: [u, x, missing] } = await describe(data, schema, { missing: ["", "N/A"], parts: 1 });
    assertEquals([u.cardinality, u.top[0].value, u.missing], [1, "a", 1 / 3]);
    assertEquals([x.numbers!.mean, x.missing, x.malformed], [4, 1 / 3, 0]);
    assertEquals([missing.name, missing.top[0].value, missing.missing], ["x_missing", "present", 1 / 3]);
  }
});
