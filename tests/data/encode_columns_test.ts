import { assertEquals, assertThrows } from "@std/assert";
import { CellError, type ColumnValues, encodeColumns } from "../../src/data/encode_columns.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";

const rows: Row[] = [
  { user: " a", price: 1.5, age: 3, history: ["x", "y"], times: ["1", "2"], tags: "p:0.5|q:2" },
  { user: "b", price: 2, age: null, history: [], times: [], tags: [] },
  { user: "c", price: 900, history: ["y", "z", "x", "x"], times: "1|2|3|4" },
  { user: "", price: 2, age: 5, history: ["y"], times: ["7"], tags: ["q:2", "p"] },
];

const { schema } = readRows(rows.slice(0, 2).map((row, r) => ({ ...row, click: r })), {
  label: "click",
  features: [
    categorical("user"),
    numeric("price", { buckets: 2 }),
    numeric("age"),
    categorical("shop", { column: "age" }),
    sequence("history", { maxLength: 3 }),
    sequence("times", { maxLength: 3, along: "history" }),
    sequence("tags", { maxLength: 2, weights: ":", combiner: "sum" }),
  ],
}, { trim: true });

const NAMES = ["user", "price", "age", "history", "times", "tags"];

function columnsOf(shared: readonly string[]): Map<string, ColumnValues> {
  return new Map(NAMES.map((name) => [
    name,
    shared.includes(name) ? { shared: rows[0][name] } : { values: rows.map((row) => row[name]) },
  ]));
}

for (const shared of [[], ["user"], ["age", "price"], ["history", "times"], ["history", "times", "tags"], NAMES]) {
  Deno.test(`columns are encoded as rows are when rows share ${shared.join(", ") || "nothing"}`, () => {
    const expected = readRows(
      rows.map((row) => ({ ...row, ...Object.fromEntries(shared.map((name) => [name, rows[0][name]])) })),
      schema,
    );
    const data = encodeColumns(schema, rows.length, columnsOf(shared));
    for (const name of ["rows", "ids", "values", "labels", "labeled", "histories", "coverage"] as const) {
      assertEquals(data[name], expected[name], name);
    }
  });
}

Deno.test("columns that are left out are missing in all rows", () => {
  const data = encodeColumns(schema, 2, new Map([["price", { shared: 1 }]]));
  const expected = readRows([{ price: 1 }, { price: 1 }], schema);
  for (const name of ["ids", "values", "histories"] as const) assertEquals(data[name], expected[name], name);
});

Deno.test("values that cannot be encoded are named by row and field", () => {
  const refuses = (columns: Record<string, ColumnValues>, row: number, message: string) => {
    const error = assertThrows(() => encodeColumns(schema, 2, new Map(Object.entries(columns))), CellError, message);
    assertEquals(error.row, row);
  };
  refuses({ price: { values: [1, "much"] } }, 1, 'Cannot read row 1: field "price": ');
  refuses({ user: { values: [2 ** 60, "a"] } }, 0, 'field "user": expected a number that a double holds exactly');
  refuses({ user: { shared: {} as string } }, 0, '"user" must be a text, a number');
  refuses(
    { history: { values: [["x"], ["x"]] }, times: { values: [["1"], []] } },
    1,
    'field "times": expected 1 values',
  );
});
