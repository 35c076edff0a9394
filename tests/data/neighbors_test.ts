import { encodeColumns } from "../../src/data/encode_columns.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { randomUnit } from "../../src/data/random.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { nearestReference } from "../reference/neighbors.ts";
import { file } from "./files.ts";

const SCHEMA: Schema = {
  label: "y",
  features: [
    numeric("a", { ifMissing: "nearest" }),
    categorical("user"),
    numeric("b", { ifMissing: "nearest", buckets: [0.5] }),
    numeric("c", { scale: "standard" }),
  ],
};

/** Numbers of three columns that go together, with holes. */
function draw(count: number, seed: number): (number | null)[][] {
  return Array.from({ length: count }, (_, i) => {
    const x = randomUnit(seed, i);
    const numbers = [10 * x, x + 0.3 * randomUnit(seed, i, 1), 1000 * (1 - x) + 50 * randomUnit(seed, i, 2)];
    return numbers.map((n, f) => randomUnit(seed, i, 3 + f) < 0.2 ? null : n);
  });
}

const rowsOf = (numbers: readonly (readonly (number | null)[])[]) =>
  numbers.map(([a, b, c], i) => ({ y: i % 2, user: `u${i % 3}`, a, b, c }));

Deno.test("a missing number is the mean over the five nearest training rows, in training and later", () => {
  const numbers = draw(300, 1);
  const data = readRows(rowsOf(numbers), SCHEMA);
  const asked = [...draw(50, 2), [null, null, 500], [null, 0.5, null]];
  const later = readRows(rowsOf(asked).map(({ y: _, ...row }) => row), data.schema);
  for (const [set, rows] of [[data, numbers], [later, asked]] as const) {
    const b = set.schema.fields[2];
    rows.forEach((row, r) => {
      // Nothing is near a row without any number.
      if (row.every((x) => x === null)) return;
      const filled = row.map((x, f) => x ?? nearestReference(numbers, row, f, 5));
      assertAlmostEquals(set.values![r], filled[0]!, 1e-5, `row ${r}`);
      assertEquals(set.ids[2 * rows.length + r] - b.offset, filled[1]! < 0.5 ? 1 : 2, `row ${r}`);
    });
    const missing = rows.filter(([a]) => a === null).length;
    assertEquals([set.coverage![0].missing, set.coverage![0].filled], [missing, missing]);
  }
  assert(numbers.some(([a]) => a === null) && numbers.some(([, b]) => b === null));
});

Deno.test("a row without any number gets the mean", () => {
  const numbers = draw(40, 3);
  const { schema } = readRows(rowsOf(numbers), SCHEMA);
  const present = numbers.map(([a]) => a).filter((a) => a !== null);
  const mean = present.reduce((sum, a) => sum + a, 0) / present.length;
  assertAlmostEquals(readRows([{ user: "u1" }], schema).values![0], mean, 1e-5);
});

Deno.test("columns and shared values are filled in as rows are", () => {
  const { schema } = readRows(rowsOf(draw(100, 4)), SCHEMA);
  const asked = [0, 250, 900].map((c) => ({ user: "u1", a: null, b: null, c }));
  const rows = readRows(asked, schema);
  const columns = new Map([
    ["user", { shared: "u1" }],
    ["a", { shared: null }],
    ["c", { values: asked.map(({ c }) => c) }],
  ]);
  const encoded = encodeColumns(schema, 3, columns as Parameters<typeof encodeColumns>[2]);
  assertEquals([encoded.ids, encoded.values, encoded.coverage], [rows.ids, rows.values, rows.coverage]);
  assertEquals(new Set(encoded.values!.slice(0, 3)).size, 3);
});

Deno.test("a schema keeps 1024 rows at most, the same ones each time, and comes back from JSON", async () => {
  const rows = rowsOf(draw(3000, 5));
  const { schema } = readRows(rows, SCHEMA);
  assertEquals(schema.neighbors!.rows.length, 1024);
  assertEquals(await readRows(rows, SCHEMA).schema.fingerprint(), await schema.fingerprint());
  const again = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals(await again.fingerprint(), await schema.fingerprint());
  const asked = rows.slice(0, 20).map(({ y: _, ...row }) => row);
  assertEquals(readRows(asked, again).values, readRows(asked, schema).values);
  // Early and late rows are kept alike.
  const numbers = rows.map(({ c }) => c);
  const late = schema.neighbors!.rows.filter(([, , c]) => c !== null && numbers.indexOf(c) >= 1500).length;
  assert(late > 300 && late < 550, `${late} rows`);
  const json = JSON.parse(JSON.stringify(schema));
  for (const neighbors of [undefined, { ...json.neighbors, spreads: [1] }, { ...json.neighbors, rows: [[1]] }]) {
    assertThrows(() => FittedSchema.fromJSON({ ...json, neighbors }), TypeError, "neighbors must have fields");
  }
});

Deno.test("neighbors are training rows alone", async () => {
  const lines = draw(60, 6).map(([, b, c], i) => `${i % 2},u,${i % 2 ? i : ""},${b ?? ""},${c ?? ""}`);
  const [training] = await readCsvSplit(file(["y,user,a,b,c", ...lines].join("\n")), SCHEMA, [0.5, 0.5], {
    by: "position",
  });
  assertEquals(training.schema.neighbors!.rows.length, 30);
});

Deno.test("neighbors need numbers of another column", () => {
  const schema = { label: "y", features: [numeric("x", { ifMissing: "nearest" }), numeric("also", { column: "x" })] };
  assertThrows(
    () => readRows([{ y: 1, x: 1 }], schema),
    RangeError,
    'ifMissing nearest of feature "x" needs numbers of another column, received none',
  );
  assertThrows(() => categorical("u", { ifMissing: "nearest" as "mode" }), RangeError, "must be own, mode or a value");
});
