import { readCsv } from "../../src/data/csv.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { file, gzip, rowsOf, valuesOf } from "./files.ts";

const SCHEMA: Schema = { label: "click", features: [categorical("user"), numeric("price")] };

Deno.test("rows are encoded field by field and fields follow each other in the row space", async () => {
  const data = await readCsv(file("click,user,price\n1,b,2.5\n0,a,-1\n0,b,0\n"), SCHEMA);
  assertEquals([data.rows, data.positives, data.labeled, data.skipped], [3, 1, true, 0]);
  assertEquals([...data.labels], [1, 0, 0]);
  // user: 0 out of vocabulary, 1 "b" (twice), 2 "a"; price: 3.
  assertEquals([...data.ids], [1, 2, 1, 3, 3, 3]);
  assertEquals([...data.values!], [1, 1, 1, 2.5, -1, 0]);
  assertEquals(data.schema.fields.map(({ name, kind, rows, offset }) => ({ name, kind, rows, offset })), [
    { name: "user", kind: "categorical", rows: 3, offset: 0 },
    { name: "price", kind: "numeric", rows: 1, offset: 3 },
  ]);
  assertEquals([data.schema.rowCount, data.schema.hasValues], [4, true]);
});

Deno.test("a schema without bare numbers gives no values", async () => {
  const data = await readCsv(file("click,user\n1,b\n"), { label: "click", features: [categorical("user")] });
  assertEquals([data.values, data.schema.hasValues], [undefined, false]);
});

Deno.test("values are ordered by count, rare ones and unseen ones share the first row", async () => {
  const schema = { label: "y", features: [categorical("c", { minCount: 2 })] };
  const data = await readCsv(file("y,c\n1,z\n1,a\n0,rare\n0,z\n0,b\n0,z\n0,b\n0,a\n"), schema);
  assertEquals(data.schema.fields[0].vocabulary, ["z", "a", "b"]);
  assertEquals(rowsOf(data, 0), [1, 2, 0, 1, 3, 1, 3, 2]);
  assertEquals(data.outOfVocabulary, [1]);
  const test = await readCsv(file("y,c\n1,new\n0,b\n0,\n", "test.csv"), data.schema);
  assertEquals(rowsOf(test, 0), [0, 3, 0]);
  assertEquals(test.outOfVocabulary, [2]);
  assert(test.schema === data.schema);
});

Deno.test("missing values get a row when the training data has them", async () => {
  const schema = {
    label: "y",
    features: [categorical("c"), numeric("x", { scale: "minmax" }), numeric("b", { buckets: 2, column: "x" })],
  };
  const data = await readCsv(file("y,c,x\n1,u,0\n0,,10\n0,u,\n"), schema);
  assertEquals(data.schema.fields.map(({ rows, missing }) => [rows, missing]), [[3, true], [2, true], [4, true]]);
  assertEquals(rowsOf(data, 0), [2, 1, 2]);
  assertEquals(rowsOf(data, 1), [0, 0, 1]);
  assertEquals(valuesOf(data, 1), [0, 1, 1]);
  assertEquals(data.schema.fields[2].edges, [10]);
  assertEquals(rowsOf(data, 2), [2, 3, 1]);
});

Deno.test("missing values that the training data did not have are out of vocabulary, or 0", async () => {
  const schema = {
    label: "y",
    features: [categorical("c"), numeric("x", { scale: "minmax" }), numeric("b", { buckets: 2, column: "x" })],
  };
  const { schema: fitted } = await readCsv(file("y,c,x\n1,u,5\n0,u,10\n"), schema);
  const test = await readCsv(file("y,c,x\n1,,\n"), fitted);
  assertEquals([0, 1, 2].map((f) => rowsOf(test, f)[0]), [0, 0, 0]);
  assertEquals(valuesOf(test, 1), [0]);
  assertEquals(test.outOfVocabulary, [1, 0, 1]);
});

Deno.test("the texts that mean missing can be named, and the fitted schema keeps them", async () => {
  const content = "click,user,price\n1,unknown,-1\n0,,3\n";
  const data = await readCsv(file(content), SCHEMA, { missing: ["unknown", "-1"] });
  assertEquals(rowsOf(data, 0), [1, 2]);
  assertEquals(data.schema.fields[0].vocabulary, [""]);
  assertEquals(rowsOf(data, 1), [1, 0]);
  assertEquals([...(await readCsv(file(content), data.schema)).ids], [...data.ids]);
  await assertRejects(
    () => readCsv(file(content), data.schema, { missing: ["unknown"] }),
    TypeError,
    "a fitted schema has its own missing",
  );
});

Deno.test("a column that is missing throughout can be fitted", async () => {
  const schema = {
    label: "y",
    features: [categorical("c"), numeric("x", { scale: "standard" }), numeric("b", { buckets: 3, column: "x" })],
  };
  const data = await readCsv(file("y,c,x\n1,,\n0,,\n"), schema);
  assertEquals(data.schema.fields.map(({ rows }) => rows), [2, 2, 3]);
  assertEquals([0, 1, 2].map((f) => rowsOf(data, f)), [[1, 1], [1, 1], [1, 1]]);
  assertEquals(valuesOf(data, 1), [1, 1]);
});

Deno.test("a constant column under standard scaling is 0, and finite elsewhere", async () => {
  const schema = { label: "y", features: [numeric("x", { scale: "standard" })] };
  const data = await readCsv(file("y,x\n1,7\n0,7\n"), schema);
  assertEquals(valuesOf(data, 0), [0, 0]);
  assertEquals(valuesOf(await readCsv(file("y,x\n1,9\n"), data.schema), 0), [2]);
});

Deno.test("numbers are scaled with the statistics of the training data", async () => {
  const schema = {
    label: "y",
    features: [numeric("s", { scale: "standard", column: "x" }), numeric("l", { scale: "log", column: "x" })],
  };
  const data = await readCsv(file("y,x\n1,1\n0,3\n"), schema);
  assertEquals(valuesOf(data, 0), [-1, 1]);
  assertAlmostEquals(valuesOf(data, 1)[1], Math.log(4), 1e-7);
  assertEquals(valuesOf(await readCsv(file("y,x\n1,5\n"), data.schema), 0), [3]);
});

Deno.test("byte order mark, CRLF, quotes, blank lines and a last line without end are read", async () => {
  const content = '\ufeff"click",user,price\r\n1,"a, ""b""",1\r\n\r\n0,"two\r\nlines",2\r\n0,"",3\r\n1,"a, ""b""",4';
  const data = await readCsv(file(content), SCHEMA);
  assertEquals(data.schema.fields[0].vocabulary, ['a, "b"', "two\nlines"]);
  assertEquals(rowsOf(data, 0), [2, 3, 1, 2]);
  assertEquals(valuesOf(data, 1), [1, 2, 3, 4]);
});

Deno.test("the delimiter is guessed from the name or from the first line", async () => {
  const rows = [["click", "user", "price"], ["1", "b", "2"]];
  for (const [delimiter, name] of [[",", "a.csv"], ["\t", "a.csv"], [";", "a.txt"], ["|", "a"], ["\t", "a.TSV"]]) {
    const data = await readCsv(file(rows.map((row) => row.join(delimiter)).join("\n"), name), SCHEMA);
    assertEquals(data.schema.fields[0].vocabulary, ["b"], delimiter);
  }
  const quoted = await readCsv(file('"click";"user,of,the,site";"price"\n1;b;2\n'), {
    label: "click",
    features: [categorical("user,of,the,site")],
  });
  assertEquals(quoted.rows, 1);
  const named = await readCsv(file("click::user::price\n1::a:b::2\n"), SCHEMA, { delimiter: "::" });
  assertEquals(named.schema.fields[0].vocabulary, ["a:b"]);
});

Deno.test("columns can be named by the caller or by position", async () => {
  const content = "1\tb\t2\n0\tc\t3\n";
  const named = await readCsv(file(content, "a.tsv"), SCHEMA, { header: ["click", "user", "price"] });
  assertEquals([named.rows, named.schema.fields[0].vocabulary], [2, ["b", "c"]]);
  const schema = { label: "0", features: [categorical("user", { column: "1" })] };
  const counted = await readCsv(file(content, "a.tsv"), schema, { header: false });
  assertEquals([counted.rows, counted.schema.fields[0].vocabulary], [2, ["b", "c"]]);
});

Deno.test("quotes can be made ordinary characters", async () => {
  const data = await readCsv(file('click,user,price\n1,5" nail,2\n'), SCHEMA, { quotes: false });
  assertEquals(data.schema.fields[0].vocabulary, ['5" nail']);
});

Deno.test("gzip is known by its bytes, whatever the name says", async () => {
  const packed = await gzip("click,user,price\n1,b,2\n");
  for (const name of ["a.csv.gz", "a.csv"]) assertEquals((await readCsv(file(packed, name), SCHEMA)).rows, 1);
  await assertRejects(
    () => readCsv(file(packed.slice(0, -6), "cut.csv.gz"), SCHEMA),
    SyntaxError,
    'Cannot read "cut.csv.gz" after line',
  );
  await assertRejects(
    () => readCsv(file(new Uint8Array([...packed, 1, 2, 3, 4]), "more.csv.gz"), SCHEMA),
    SyntaxError,
    'Cannot read "more.csv.gz" after line',
  );
});

Deno.test("several files are one data set, each with its own header", async () => {
  const parts = [file("click,user,price\n1,b,2\n", "1.csv"), file("price;user;click\n3;c;0\n", "2.csv")];
  const data = await readCsv(parts, SCHEMA);
  assertEquals([rowsOf(data, 0), valuesOf(data, 1), [...data.labels]], [[1, 2], [2, 3], [1, 0]]);
  assertEquals((await readCsv(parts, SCHEMA, { limit: 1 })).rows, 1);
  assertEquals((await readCsv(parts, SCHEMA, { limit: 5 })).rows, 2);
});

Deno.test("files are read by path and by URL", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, "click,user,price\n1,b,2\n");
    assertEquals((await readCsv(path, SCHEMA)).rows, 1);
    assertEquals((await readCsv(new URL(`file://${path}`), SCHEMA)).rows, 1);
  } finally {
    await Deno.remove(path);
  }
  await assertRejects(() => readCsv(path, SCHEMA), Error, `Cannot read "${path}": No such file`);
});

Deno.test("addresses are fetched, and a refusal of the server is an error", async () => {
  const body = await gzip("click,user,price\n1,b,2\n");
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => request.url.endsWith("a.csv.gz") ? new Response(body) : new Response("none", { status: 404 }),
  );
  const host = `http://127.0.0.1:${server.addr.port}`;
  assertEquals((await readCsv(`${host}/a.csv.gz`, SCHEMA)).rows, 1);
  await assertRejects(() => readCsv(`${host}/b.csv`, SCHEMA), Error, "server answered 404");
});

Deno.test("labels are numbers, or two named texts", async () => {
  const features = [categorical("u")];
  const numbers = await readCsv(file("y,u\n1,a\n0,a\n0.0,a\n1e0,a\n1.0,a\n"), { label: "y", features });
  assertEquals([...numbers.labels], [1, 0, 0, 1, 1]);
  const texts = await readCsv(file("y,u\nyes,a\nno,a\n"), { label: "y", positive: "yes", features });
  assertEquals([...texts.labels], [1, 0]);
  await assertRejects(
    () => readCsv(file("y,u\nyes,a\nmaybe,a\n"), { label: "y", positive: "yes", negative: "no", features }),
    SyntaxError,
    'Cannot read "train.csv" line 3: column "y": expected "yes" or "no", received "maybe"',
  );
  await assertRejects(
    () => readCsv(file("y,u\nyes,a\nno,a\n"), { label: "y", positive: "Yes", features }),
    SyntaxError,
    'expected "Yes" or "yes", the first other label (negative names it), received "no"',
  );
});

Deno.test("a fitted schema reads data without labels when asked to", async () => {
  const { schema } = await readCsv(file("click,user,price\n1,b,2\n"), SCHEMA);
  const data = await readCsv(file("user,price\nb,2\n"), schema, { labeled: false });
  assertEquals([data.labeled, data.rows, [...data.labels]], [false, 1, [0]]);
  await assertRejects(
    () => readCsv(file("click,user,price\n1,b,2\n"), SCHEMA, { labeled: false }),
    TypeError,
    "fitting needs labels",
  );
});

Deno.test("unknown options and values are named", async () => {
  const read = (options: Record<string, unknown>) => readCsv(file("click,user,price\n1,b,2\n"), SCHEMA, options);
  await assertRejects(() => read({ onbadrow: "skip" }), TypeError, 'received "onbadrow"');
  await assertRejects(() => read({ onBadRow: "ignore" }), RangeError, 'must be "error" or "skip", received "ignore"');
  await assertRejects(() => read({ limit: 0 }), RangeError, "limit must be above 0, received 0");
  await assertRejects(() => read({ delimiter: '"' }), RangeError, "delimiter must be a text");
  await assertRejects(() => readCsv([], SCHEMA), RangeError, "there must be a file");
});
