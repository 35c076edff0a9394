import { readCsv } from "../../src/data/csv.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { file, rowsOf, valuesOf } from "./files.ts";

const SCHEMA: Schema = { label: "y", features: [categorical("u"), numeric("x")] };
const HEAD = "y,u,x\n";

Deno.test("a malformed row is refused with file, line and reason", async () => {
  const cases: [string, string][] = [
    ["1,a,1\n1,a\n", "line 3: expected 3 fields, received 2"],
    ["1,a,1,9\n", "line 2: expected 3 fields, received 4"],
    ["1,a,1\n\n\nyes,a,1\n", 'line 5: column "y": expected label 1, and 0 or -1, received "yes"'],
    [",a,1\n", 'line 2: column "y": expected a label, received a missing one'],
    ["NaN,a,1\n", 'received "NaN"'],
    ["1,a,much\n", 'line 2: field "x": expected a finite number, received "much"'],
    ["1,a,Infinity\n", 'line 2: field "x": expected a finite number, received "Infinity"'],
    ["1,a,1e60\n", 'received "1e60"'],
    ['1,"two\nlines",1\n\r\n1,a,?\n', 'line 5: field "x"'],
    ['1,"a"b,1\n', 'line 2: expected quotes around whole fields, closed and doubled within, received "1,\\"a\\"b,1"'],
    ['1,5" nail,1\n', "line 2: expected quotes around whole fields"],
    [
      '1,a,1\n1,"a,1\n0,b,2\n',
      'line 3: expected quotes around whole fields, closed and doubled within, received "1,\\"a,1"',
    ],
  ];
  for (const [rows, message] of cases) {
    const error = await assertRejects(() => readCsv(file(HEAD + rows), SCHEMA), SyntaxError, message);
    assertEquals(error.message.startsWith('Cannot read "train.csv" line '), true, error.message);
  }
});

Deno.test("malformed rows can be skipped, counted and listed, and leave nothing behind", async () => {
  const rows = "1,a,1\n1,a\n0,only in a bad row,?\n2x,a,1\n0,b,2\n";
  const data = await readCsv(file(HEAD + rows), SCHEMA, { onBadRow: "skip" });
  assertEquals([data.rows, data.skipped, [...data.labels]], [2, 3, [1, 0]]);
  assertEquals(data.schema.fields[0].vocabulary, ["a", "b"]);
  assertEquals(valuesOf(data, 1), [1, 2]);
  assertEquals(data.skippedReasons, [
    "train.csv:3: expected 3 fields, received 2",
    'train.csv:4: field "x": expected a finite number, received "?"',
    'train.csv:5: column "y": expected label 1, and 0 or -1, received "2x"; positive or threshold declare others',
  ]);
});

Deno.test("skipping a line with wrong quotes loses no other line", async () => {
  const rows = [
    '1,"ok",1', // 2
    '1,"never closed,1', // 3
    "0,plain,2", // 4
    '0,"quoted, fine",3', // 5
    '0,5" nail,4', // 6
    '1,"two', // 7
    'lines",5', // 8
    '1,"bad"x,6', // 9
    "1,last,7", // 10
  ];
  const data = await readCsv(file(HEAD + rows.join("\n")), SCHEMA, { onBadRow: "skip" });
  assertEquals(valuesOf(data, 1), [1, 2, 3, 5, 7]);
  assertEquals(data.skipped, 3);
  assertEquals(data.skippedReasons.map((reason) => Number(reason.split(":")[1])), [3, 6, 9]);
  assertEquals(data.schema.fields[0].vocabulary, ["last", "ok", "plain", "quoted, fine", "two\nlines"]);
});

Deno.test("a quote that is never closed costs one row, also in front of a megabyte", async () => {
  const rows = Array.from({ length: 120_000 }, (_, i) => `${i % 2},user${i % 7},${i}`);
  rows[5] = '1,"open,5';
  const data = await readCsv(file(HEAD + rows.join("\n")), SCHEMA, { onBadRow: "skip" });
  assertEquals([data.rows, data.skipped], [119_999, 1]);
  assertEquals(data.skippedReasons, [
    'train.csv:7: expected quotes around whole fields, closed and doubled within, received "1,\\"open,5"',
  ]);
  assertEquals(valuesOf(data, 1).slice(4, 7), [4, 6, 7]);
  assertEquals(valuesOf(data, 1).at(-1), 119_999);
});

Deno.test("line numbers and quoted fields survive the borders between blocks", async () => {
  // Bytes come in blocks of 64 KiB or so: 20,000 rows of changing length put many borders into quoted fields.
  const rows = Array.from({ length: 20_000 }, (_, i) => `1,"${"long\n".repeat(i % 3)}€${i % 5}",${i}`);
  const lines = 1 + rows.reduce((sum, row) => sum + row.split("\n").length, 0);
  const data = await readCsv(file(HEAD + rows.join("\n")), SCHEMA);
  assertEquals(data.rows, 20_000);
  assertEquals(data.schema.fields[0].rows, 16);
  assertEquals(valuesOf(data, 1), Array.from(rows, (_, i) => i));
  const error = await assertRejects(() => readCsv(file(`${HEAD}${rows.join("\n")}\n1,a`), SCHEMA), SyntaxError);
  assertEquals(error.message, `Cannot read "train.csv" line ${lines + 1}: expected 3 fields, received 2`);
});

Deno.test("only the first 20 reasons are kept, but all skipped rows are counted", async () => {
  const data = await readCsv(file(`${HEAD}${"1\n".repeat(30)}1,a,1\n`), SCHEMA, { onBadRow: "skip" });
  assertEquals([data.rows, data.skipped, data.skippedReasons.length], [1, 30, 20]);
});

Deno.test("a file without rows is refused for fitting and empty for a fitted schema", async () => {
  await assertRejects(
    () => readCsv(file(""), SCHEMA),
    SyntaxError,
    'Cannot read "train.csv": expected a line of columns, received no text',
  );
  await assertRejects(() => readCsv(file("\n\r\n"), SCHEMA), SyntaxError, "received no text");
  await assertRejects(
    () => readCsv(file(HEAD), SCHEMA),
    RangeError,
    'Cannot read "train.csv": there must be a row to fit to, received none',
  );
  await assertRejects(
    () => readCsv(file(`${HEAD}1,a\n`), SCHEMA, { onBadRow: "skip" }),
    RangeError,
    "received none; skipped train.csv:2: expected 3 fields, received 2",
  );
  const { schema } = await readCsv(file(`${HEAD}1,a,1\n`), SCHEMA);
  const empty = await readCsv(file(HEAD), schema);
  assertEquals([empty.rows, empty.ids.length, empty.positives, rowsOf(empty, 0)], [0, 0, 0, []]);
  await assertRejects(() => readCsv(file(""), schema), SyntaxError, "received no text");
});

Deno.test("a column that the file lacks, or has twice, is an error that lists the columns", async () => {
  await assertRejects(
    () => readCsv(file("click,u,x\n1,a,1\n"), SCHEMA),
    RangeError,
    'Cannot read "train.csv": no column "y" for the label, received columns "click", "u", "x"',
  );
  await assertRejects(() => readCsv(file("y,u,X\n1,a,1\n"), SCHEMA), RangeError, 'no column "x" for feature "x"');
  await assertRejects(() => readCsv(file("y,u,x,u\n1,a,1,b\n"), SCHEMA), RangeError, 'several columns "u"');
  await assertRejects(
    () => readCsv(file(HEAD + "1,a,1\n"), { ...SCHEMA, time: "ts" }),
    RangeError,
    'no column "ts" for the time',
  );
});

Deno.test("text that is not in the encoding is refused, not replaced", async () => {
  const latin = new Uint8Array([
    ...new TextEncoder().encode(`${HEAD}1,caf`),
    0xe9,
    ...new TextEncoder().encode(",1\n"),
  ]);
  await assertRejects(() => readCsv(file(latin), SCHEMA), SyntaxError, 'Cannot read "train.csv" after line 0');
  const data = await readCsv(file(latin), SCHEMA, { encoding: "latin1" });
  assertEquals(data.schema.fields[0].vocabulary, ["café"]);
});
