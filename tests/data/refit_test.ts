import { keepTexts } from "../../src/data/kept_texts.ts";
import { refitSplit } from "../../src/data/refit.ts";
import { readCsv } from "../../src/data/csv.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";

const SCHEMA: Schema = {
  label: "answer",
  positive: "yes",
  time: "day",
  features: [
    categorical("user", { minCount: 3 }),
    categorical("town"),
    numeric("price", { scale: "standard" }),
    numeric("age", { buckets: 4 }),
  ],
};
const HEADER = "answer,day,user,town,price,age";
const MISSING = ["", "unknown"];

/** Rows whose values come and go over time, in an order of time that is not that of the file. */
const ROWS = Array.from({ length: 40 }, (_, row) => {
  const day = (row * 7) % 40;
  const town = day % 5 === 0 ? "unknown" : `"t,${Math.floor(day / 6)}"`;
  return [day % 3 === 0 ? "yes" : "no", day, `u${day % 9}`, town, day % 11 === 0 ? "" : day ** 2, row].join(",");
});

const read = (rows: readonly string[], schema: Schema): Promise<Dataset> =>
  readCsv(new File([[HEADER, ...rows].join("\n")], "rows.csv"), schema, { missing: MISSING });

/** Everything that two equal data sets have equal. */
function contentOf({ schema, ids, values, labels, times }: Dataset): unknown {
  return { schema: schema.toJSON(), ids, values, labels, times };
}

Deno.test("a split by position fits the schema as reading the training rows alone does", async () => {
  const [training, test] = refitSplit(await read(ROWS, keepTexts(SCHEMA)), SCHEMA, [0.6, 0.4], { by: "position" });
  const alone = await read(ROWS.slice(0, 24), SCHEMA);
  assertEquals(contentOf(training), contentOf(alone));
  const rest = await readCsv(new File([[HEADER, ...ROWS.slice(24)].join("\n")], "rows.csv"), alone.schema);
  assertEquals(contentOf(test), contentOf(rest));
  assertNotEquals((await read(ROWS, SCHEMA)).schema.rowCount, alone.schema.rowCount);
});

Deno.test("a split by time and one at random know the training rows only, too", async () => {
  const whole = await read(ROWS, keepTexts(SCHEMA));
  const dayOf = (row: string): number => Number(row.split(",")[1]);
  const early = ROWS.toSorted((a, b) => dayOf(a) - dayOf(b)).slice(0, 20);
  const [training] = refitSplit(whole, SCHEMA, [0.5, 0.5], { by: "day" });
  assertEquals(contentOf(training), contentOf(await read(early, SCHEMA)));

  const [drawn, ...others] = refitSplit(whole, SCHEMA, [0.5, 0.25, 0.25], { seed: 3 });
  assertEquals([drawn.rows, ...others.map(({ rows }) => rows)], [20, 10, 10]);
  const days = new Set(drawn.times);
  assertEquals(contentOf(drawn), contentOf(await read(ROWS.filter((row) => days.has(dayOf(row))), SCHEMA)));
  for (const part of others) assertEquals(part.schema, drawn.schema);
});

Deno.test("a split of a libsvm file keeps the values of its tokens and its missing fields", async () => {
  const lines = ["1 0:7:1 1:3:0.5", "0 0:8:1", "0 0:8:1 1:4:2", "1 0:9:1 1:4:0.25"];
  const whole = await readLibsvm(new File([lines.join("\n")], "rows.libffm"), { fields: ["a", "b"] });
  const [training, test] = refitSplit(whole, whole.schema.declared(), [0.75, 0.25], { by: "position" });
  const alone = await readLibsvm(new File([lines.slice(0, 3).join("\n")], "rows.libffm"), { fields: ["a", "b"] });
  assertEquals(contentOf(training), contentOf(alone));
  assertEquals([test.values, test.outOfVocabulary], [new Float32Array([1, 0.25]), [1, 0]]);
});

Deno.test("a training part without a positive label is refused", async () => {
  const rows = [...ROWS.filter((row) => row.startsWith("no")), ...ROWS.filter((row) => row.startsWith("yes"))];
  const whole = await read(rows, keepTexts(SCHEMA));
  assertThrows(
    () => refitSplit(whole, SCHEMA, [0.5, 0.5], { by: "position" }),
    RangeError,
    "the training part must have a positive label, received none",
  );
});
