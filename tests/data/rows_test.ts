import { readCsv } from "../../src/data/csv.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { file } from "./files.ts";

const SCHEMA = {
  label: "click",
  time: "ts",
  features: [numeric("price", { scale: "log" }), categorical("user"), categorical("new", { column: "is_new" })],
};

Deno.test("rows in memory are encoded as the same rows of a file", async () => {
  const content = "click,price,user,is_new,ts\n1,3,7,true,5\n0,,u,false,6\n0,-2,,true,7\n";
  const { schema, ids, values } = await readCsv(file(content), SCHEMA);
  const data = readRows([
    { price: 3, user: 7, is_new: true, ts: 5, click: 1 },
    { price: null, user: "u", is_new: "false" },
    { price: "-2", is_new: true },
  ], schema);
  assertEquals([data.ids, data.values], [ids, values]);
  assertEquals([data.labeled, data.times], [false, undefined]);
  assertEquals([...readRows([{ click: 1 }, { click: "0" }], schema, { labeled: true }).labels], [1, 0]);
  assertEquals(readRows([], schema).rows, 0);
});

Deno.test("rows that cannot be encoded are named", async () => {
  const { schema } = await readCsv(file("click,price,user,is_new,ts\n1,3,7,true,5\n"), SCHEMA);
  assertThrows(
    () => readRows([{}, { price: "dear" }], schema),
    SyntaxError,
    'Cannot read row 1: field "price": expected a finite number, received "dear"',
  );
  assertThrows(
    () => readRows([{ prise: 3 }], schema),
    TypeError,
    'columns are "price", "user", "is_new", "click", "ts", received "prise"',
  );
  assertEquals(readRows([{ prise: 3 }], schema, { unknown: "ignore" }).rows, 1);
  assertThrows(() => readRows([{ user: ["a"] } as unknown as Row], schema), TypeError, '"user" must be a text');
  assertThrows(() => readRows([3 as unknown as Row], schema), TypeError, "it must be an object, received 3");
  assertThrows(() => readRows([{ price: NaN }], schema), SyntaxError, 'received "NaN"');
  assertThrows(() => readRows([{}], schema, { labeled: true }), SyntaxError, 'column "click"');
});

Deno.test("a number that is missing needs no text that means missing", async () => {
  const { schema } = await readCsv(file("click,price,user,is_new,ts\n1,3,7,true,5\n"), SCHEMA, { missing: [] });
  const data = readRows([{}], schema);
  assertEquals([...data.ids], schema.fields.map(({ offset }) => offset));
  assertEquals([...data.values!], [0, 1, 1]);
});
