import { readCsv } from "../../src/data/csv.ts";
import { readLibsvm, readLibsvmWatched } from "../../src/data/libsvm.ts";
import { readRows } from "../../src/data/rows.ts";
import { numeric } from "../../src/data/schema.ts";
import type { WatchedRow } from "../../src/data/watcher.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { file, gzip, rowsOf, valuesOf } from "./files.ts";

Deno.test("tokens in a fixed order are fields, with a row for each id and one for unseen ids", async () => {
  const data = await readLibsvm(file("-1 12:1 957:1 \n1 7:1 957:1\r\n-1 7:1 960:1\n"));
  assertEquals([data.rows, [...data.labels]], [3, [0, 1, 0]]);
  assertEquals(data.schema.fields.map(({ name, rows, vocabulary }) => [name, rows, vocabulary]), [
    ["f0", 3, ["7", "12"]],
    ["f1", 3, ["957", "960"]],
  ]);
  assertEquals([...data.ids], [2, 1, 1, 4, 4, 5]);
  assertEquals([data.values, data.schema.hasValues, data.schema.rowCount], [undefined, false, 6]);
  const test = await readLibsvm(file("+1 8:1 960:1\n"), { schema: data.schema });
  assertEquals([[...test.ids], [...test.labels], test.outOfVocabulary], [[0, 5], [1], [1, 0]]);
});

Deno.test("values other than 1 are kept, and the rows before them count as 1", async () => {
  const data = await readLibsvm(file("0 1:1 5:1\n1 1:0.25 6:1.0\n1 1:0 5:1 # comment\n\n"), { fields: ["x", "c"] });
  assertEquals([valuesOf(data, 0), valuesOf(data, 1)], [[1, 0.25, 0], [1, 1, 1]]);
  assertEquals(data.schema.fields.map(({ name, weighted }) => [name, weighted]), [["x", true], ["c", undefined]]);
  const test = await readLibsvm(file("1 1:7 9:1\n"), { schema: data.schema });
  assertEquals([...test.values!], [7, 1]);
  const rows = readRows([{ x: "1:0.5", c: 6 }, { x: "1" }], data.schema);
  assertEquals([[...rows.values!], rowsOf(rows, 0), rowsOf(rows, 1)], [[0.5, 1, 1, 1], [1, 1], [2, 0]]);
  await assertRejects(() => readCsv(file("label,x,c\n1,1,5\n"), data.schema), TypeError, "are read by readLibsvm");
});

Deno.test("a value where the training data had none is refused, not dropped", async () => {
  const { schema } = await readLibsvm(file("0 1:1\n"));
  await assertRejects(
    () => readLibsvm(file("0 1:1\n0 1:0.5\n"), { schema }),
    SyntaxError,
    'Cannot read "train.csv" line 2: field "f0": expected value 1 as in the training data, received 0.5',
  );
});

Deno.test("libffm rows name their fields, and a field left out is missing", async () => {
  const data = await readLibsvm(file("1 0:5:1 2:9:1 1:5:1\n0 1:6:2 0:5:1\n"));
  assertEquals(data.schema.fields.map(({ rows, missing }) => [rows, missing]), [[2, false], [3, false], [3, true]]);
  assertEquals([0, 1, 2].map((f) => rowsOf(data, f)), [[1, 1], [1, 2], [2, 1]]);
  assertEquals(valuesOf(data, 1), [1, 2]);
  await assertRejects(
    () => readLibsvm(file("1 0:5:1 0:6:1\n")),
    SyntaxError,
    "each field once, received field 0 twice",
  );
  await assertRejects(
    () => readLibsvm(file("1 0:5:1\n1 1:5:1\n"), { fields: ["a"] }),
    SyntaxError,
    "line 2: expected fields below 1, received 1:5:1; name all fields to have more",
  );
  assertEquals((await readLibsvm(file("1 0:5:1\n1 1:5:1\n"), { fields: ["a", "b"] })).schema.rowCount, 6);
});

Deno.test("malformed rows are named by line, or skipped and counted", async () => {
  const cases: [string, string][] = [
    ["1 1:1 2:1\n1 1:1\n", "line 2: expected 2 fields, received 1; rows of changing length need field:id:value"],
    ["2 1:1\n", 'line 1: column "label": expected label 1, and 0 or -1, received "2"'],
    ["1:1 2:1\n", 'line 1: expected a label in front, received "1:1"'],
    ["1 1:1\n\n1 a:1\n", 'line 3: expected id:value, received "a:1"'],
    ["1 5\n", 'expected id:value, received "5"'],
    ["1 5:\n", 'expected id:value, received "5:"'],
    ["1 5:x\n", 'expected id:value, received "5:x"'],
    ["1 0:5:1 x:5:1\n", 'expected field:id:value, received "x:5:1"'],
    ["1 9999999999:5:1\n", "expected fields below 65536"],
    ["1\n", "line 1: expected id:value behind the label, received none"],
  ];
  for (const [rows, message] of cases) await assertRejects(() => readLibsvm(file(rows)), SyntaxError, message);
  const data = await readLibsvm(file("label ids\n1 1:1 2:1\n1 1:1\n0 9:x 2:1\n0 1:1 3:1\n", "a.svm"), {
    onBadRow: "skip",
  });
  assertEquals([data.rows, data.skipped], [2, 3]);
  assertEquals(data.skippedReasons.map((reason) => reason.split(" ")[0]), ["a.svm:1:", "a.svm:3:", "a.svm:4:"]);
  assertEquals(data.schema.fields[0].vocabulary, ["1"]);
});

Deno.test("a watcher is told of every row, those that cannot be encoded included", async () => {
  const { schema } = await readLibsvm(file("1 1:1 2:1\n0 1:1 3:1\n"));
  const seen: (readonly [number, boolean])[] = [];
  const watcher = { columns: [], row: ({ line, fault }: WatchedRow) => void seen.push([line, fault === undefined]) };
  const rows = file("1:1 2:1\n\n1:1\n9:x 2:1\n7:1 3:1\n");
  const data = await readLibsvmWatched(rows, { schema, labeled: false, onBadRow: "skip" }, watcher);
  assertEquals([data.rows, seen], [2, [[1, true], [3, false], [4, false], [5, true]]]);
});

Deno.test("gzip, several files, limits and missing labels work as for CSV", async () => {
  const packed = file(await gzip("1 1:1\n0 2:1\n"), "a.gz");
  const data = await readLibsvm([packed, file("0 3:1\n")]);
  assertEquals([data.rows, data.schema.rowCount], [3, 4]);
  assertEquals((await readLibsvm([packed, packed], { limit: 3 })).rows, 3);
  const unlabeled = await readLibsvm(file("2:1\n? 9:1\n"), { schema: data.schema, labeled: false });
  assertEquals([unlabeled.labeled, unlabeled.rows, unlabeled.outOfVocabulary], [false, 2, [1]]);
  assertEquals((await readLibsvm(file(""), { schema: data.schema })).rows, 0);
});

Deno.test("options that do not fit are refused", async () => {
  const { schema } = await readLibsvm(file("0 1:1\n"));
  await assertRejects(() => readLibsvm(file("")), RangeError, 'Cannot read "train.csv": there must be a row to fit to');
  await assertRejects(() => readLibsvm(file(""), { schema, fields: ["a"] }), TypeError, "received both");
  await assertRejects(() => readLibsvm(file(""), { feilds: [] } as Record<string, unknown>), TypeError, '"feilds"');
  await assertRejects(() => readLibsvm(file("1 1:1"), { labeled: false }), TypeError, "fitting needs labels");
  const numbers = await readCsv(file("y,x\n1,1\n"), { label: "y", features: [numeric("x")] });
  await assertRejects(() => readLibsvm(file(""), { schema: numbers.schema }), TypeError, 'received numeric "x"');
});
