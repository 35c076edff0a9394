import { readCsv } from "../../src/data/csv.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { file, rowsOf, valuesOf } from "./files.ts";

const SCHEMA: Schema = {
  label: "y",
  time: "ts",
  features: [categorical("u", { minCount: 2 }), numeric("x"), numeric("b", { buckets: 2, column: "x" })],
};

/** Ten rows: u is a, b or missing in turn, x counts from 0, times go 9, 9, 7, 7, ... downwards. */
function read(): Promise<Dataset> {
  const rows = Array.from({ length: 10 }, (_, i) => `${i % 2},${["a", "b", ""][i % 3]},${i},${9 - 2 * (i >> 1)}`);
  return readCsv(file(`y,u,x,ts\n${rows.join("\n")}\n`), SCHEMA);
}

Deno.test("a slice holds its rows in order", async () => {
  const data = await read();
  const part = data.slice(3, 6);
  assertEquals([part.rows, [...part.labels]], [3, [1, 0, 1]]);
  assertEquals([rowsOf(part, 0), valuesOf(part, 1), [...part.times!]], [[2, 3, 1], [3, 4, 5], [7, 5, 5]]);
  assertEquals(data.slice(4, 4).rows, 0);
  assertThrows(() => data.slice(4, 11), RangeError, "rows must be within 0 .. 10, received 4 .. 11");
});

Deno.test("selected rows come in the order asked for", async () => {
  const data = await read();
  const part = data.select(Uint32Array.of(9, 0, 0));
  assertEquals([valuesOf(part, 1), [...part.labels], [...part.times!]], [[9, 0, 0], [1, 0, 0], [1, 9, 9]]);
  assertThrows(() => data.select(Uint32Array.of(10)), RangeError, "index must be below 10, received 10");
});

Deno.test("a random split is a partition that depends on the seed only", async () => {
  const data = await read();
  const parts = data.split([0.7, 0.2, 0.1], { seed: 5 });
  assertEquals(parts.map(({ rows }) => rows), [7, 2, 1]);
  const taken = parts.map((part) => valuesOf(part, 1));
  assertEquals(taken.flat().sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const part of taken) assertEquals(part, [...part].sort((a, b) => a - b));
  assertEquals(data.split([0.7, 0.2, 0.1], { seed: 5 }).map((part) => valuesOf(part, 1)), taken);
  assertNotEquals(data.split([0.7, 0.2, 0.1], { seed: 6 }).map((part) => valuesOf(part, 1)), taken);
});

Deno.test("a split by position keeps the order of the file", async () => {
  const [first, second] = (await read()).split([0.8, 0.2], { by: "position" });
  assertEquals([valuesOf(first, 1), valuesOf(second, 1)], [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9]]);
});

Deno.test("a split by time puts early rows first and keeps equal times together", async () => {
  const [past, future] = (await read()).split([0.5, 0.5], { by: "ts" });
  assertEquals([[...past.times!], [...future.times!]], [[1, 1, 3, 3, 5, 5], [7, 7, 9, 9]]);
  assertEquals(valuesOf(past, 1), [8, 9, 6, 7, 4, 5]);
});

Deno.test("a split by a numeric feature orders by its number", async () => {
  const data = (await read()).select(Uint32Array.of(5, 3, 8, 1));
  assertEquals(data.split([0.5, 0.5], { by: "x" }).map((part) => valuesOf(part, 1)), [[1, 3], [5, 8]]);
});

Deno.test("a split that cannot be made says why", async () => {
  const data = await read();
  assertThrows(() => data.split([0.5, 0.4], { seed: 1 }), RangeError, "sum to 1, received 0.5,0.4");
  assertThrows(() => data.split([1.5, -0.5], { seed: 1 }), RangeError, "must be above 0");
  assertThrows(() => data.split([0.99, 0.01], { seed: 1 }), RangeError, "10 rows with none left for part 2");
  assertThrows(() => data.split([0.5, 0.5], { by: "u" }), RangeError, 'one of position, "ts", "x", received "u"');
  const gaps = await readCsv(file("y,x\n1,\n0,2\n"), { label: "y", features: [numeric("x")] });
  assertThrows(() => gaps.split([0.5, 0.5], { by: "x" }), RangeError, '"x" must be known in every row');
  const tied = data.slice(0, 2);
  assertThrows(() => tied.split([0.5, 0.5], { by: "ts" }), RangeError, "2 rows with none left for part 2");
});

Deno.test("times can be dates, in UTC unless they say otherwise", async () => {
  const schema = { label: "y", time: "at", features: [categorical("u")] };
  const rows = ["2014-10-21 01:00:00", "2014-10-21T01:00:00Z", "2014-10-21T03:30+0230", "2014-10-21"];
  const data = await readCsv(file(`y,u,at\n${rows.map((at) => `1,a,${at}`).join("\n")}`), schema);
  const hour = Date.UTC(2014, 9, 21, 1);
  assertEquals([...data.times!], [hour, hour, hour, hour - 3_600_000]);
  await assertRejects(
    () => readCsv(file("y,u,at\n1,a,2014-10-21\n1,a,7\n"), schema),
    SyntaxError,
    'line 3: column "at": expected a date such as 2014-10-21 01:00:00, received "7"',
  );
  await assertRejects(
    () => readCsv(file("y,u,at\n1,a,7\n1,a,\n"), schema),
    SyntaxError,
    'expected a number, received ""',
  );
  const untimed = await readCsv(file("y,u\n1,a\n"), data.schema);
  assertEquals(untimed.times, undefined);
});

Deno.test("a fitted schema survives JSON with the same fingerprint", async () => {
  const { schema } = await read();
  const copy = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals(copy.fields, schema.fields);
  assertEquals([copy.rowCount, copy.label, copy.time, copy.missing], [schema.rowCount, "y", "ts", [""]]);
  assertEquals(copy.declared(), schema.declared());
  const fingerprint = await schema.fingerprint();
  assert(/^[0-9a-f]{64}$/.test(fingerprint));
  assertEquals(await copy.fingerprint(), fingerprint);
  const other = await readCsv(file("y,u,x,ts\n1,a,1,1\n0,c,2,2\n"), SCHEMA);
  assertNotEquals(await other.schema.fingerprint(), fingerprint);
});

Deno.test("a damaged fitted schema is refused by field", async () => {
  const json = JSON.parse(JSON.stringify((await read()).schema));
  const damage = (change: (fields: Record<string, unknown>[]) => void): () => FittedSchema => {
    const copy = structuredClone(json);
    change(copy.fields);
    return () => FittedSchema.fromJSON(copy);
  };
  assertThrows(damage((f) => f[0].vocabulary = [1]), TypeError, 'field "u" must have a vocabulary of texts');
  assertThrows(damage((f) => f[1].scaling = { center: 0, spread: 0 }), TypeError, 'field "x" must have a scaling');
  assertThrows(damage((f) => f[2].edges = [3, 1]), TypeError, 'field "b" must have ascending edges');
  assertThrows(damage((f) => delete f[0].missing), TypeError, "missing as true or false");
  assertThrows(() => FittedSchema.fromJSON(null), TypeError, "lists of missing and fields");
});

Deno.test("a data set has arrays of the lengths its schema asks for", async () => {
  const { schema, rows, ids, labels, labeled } = await read();
  assertThrows(
    () => new Dataset({ schema, rows, ids, values: undefined, labels, labeled }),
    RangeError,
    "values must have 30 numbers, received none",
  );
});

Deno.test("a saved data set loads with the same bytes, schema and report", () =>
  inFolder(async (folder) => {
    const path = `${folder}/train.weft`;
    const content = "y,u,x,ts\n1,a,1,1\nbad\n0,,2,2\n";
    const data = await readCsv(file(content), SCHEMA, { onBadRow: "skip" });
    await data.save(path);
    const copy = await Dataset.load(path);
    assertEquals([copy.ids, copy.values, copy.labels, copy.times], [data.ids, data.values, data.labels, data.times]);
    assertEquals([copy.rows, copy.labeled, copy.skipped, copy.skippedReasons], [2, true, 1, [...data.skippedReasons]]);
    assertEquals(await copy.schema.fingerprint(), await data.schema.fingerprint());
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 40] ^= 1;
    await Deno.writeFile(path, bytes);
    await assertRejects(() => Dataset.load(path), SyntaxError, "checksum");
    await assertRejects(() => Dataset.load(`${folder}/none`), Error, "none");
  }));
