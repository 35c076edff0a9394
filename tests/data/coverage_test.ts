import { readCsv } from "../../src/data/csv.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { file, valuesOf } from "./files.ts";

const SCHEMA: Schema = {
  label: "y",
  features: [categorical("u", { minCount: 2 }), numeric("x"), numeric("b", { buckets: 2, column: "x" })],
};
const TRAINING = "y,u,x\n1,7,2\n0,7,4\n1,8,6\n0,8,8\n1,rare,\n";

Deno.test("missing, unseen and outlying values are counted by field", async () => {
  const data = await readCsv(file(TRAINING), SCHEMA);
  assertEquals(data.coverage, [
    { name: "u", rows: 5, missing: 0, unseen: 1, outside: 0 },
    { name: "x", rows: 5, missing: 1, unseen: 0, outside: 0 },
    { name: "b", rows: 5, missing: 1, unseen: 0, outside: 0 },
  ]);
  assertEquals(data.schema.fields.map(({ range }) => range), [undefined, [2, 8], [2, 8]]);
  // A missing value of a field that never lacked one in training is not unseen.
  const test = readRows([{ u: null, x: 1 }, { u: "7", x: 9 }, { u: "new", x: 5 }, { u: "rare" }], data.schema);
  assertEquals(test.coverage!.map(({ missing, unseen, outside }) => [missing, unseen, outside]), [
    [1, 2, 0],
    [1, 0, 2],
    [1, 0, 2],
  ]);
  assertEquals(data.slice(0, 2).coverage, undefined);
  const { schema } = await readLibsvm(file("1 0:5:1 1:5:1\n0 0:6:1 1:5:1\n"));
  const others = await readLibsvm(file("1 0:9:1\n0 0:6:1 1:5:1\n"), { schema });
  assertEquals(others.coverage!.map(({ missing, unseen }) => [missing, unseen]), [[0, 1], [1, 0]]);
});

Deno.test("a row that is skipped counts nowhere", async () => {
  const { schema } = await readCsv(file(TRAINING), SCHEMA);
  const data = await readCsv(file("y,u,x\n1,new,x\n2,new,9\n1,7,2\n"), schema, { onBadRow: "skip" });
  assertEquals(data.coverage!.map(({ rows, missing, unseen, outside }) => [rows, missing, unseen, outside]), [
    [1, 0, 0, 0],
    [1, 0, 0, 0],
    [1, 0, 0, 0],
  ]);
});

Deno.test("texts that training wrote in another way are recognized", () => {
  const cases: [training: string[], other: string, known: string | undefined][] = [
    [["7", "8"], "7.0", "7"],
    [["7", "8"], "007", "7"],
    [["7.0", "8.0"], "8", "8.0"],
    [["a", "b"], " a", "a"],
    [[" a", " b"], "b", " b"],
    [["7", "8"], "9.0", undefined],
    [["7", "8"], "7.5", undefined],
  ];
  for (const [training, other, known] of cases) {
    const rows = training.map((user, row) => ({ y: row, user }));
    const { schema } = readRows(rows, { label: "y", features: [categorical("user")] });
    const [coverage] = readRows([{ user: other }], schema).coverage!;
    assertEquals(coverage.respelled, known === undefined ? undefined : { text: other, known });
  }
});

Deno.test("a saved data set keeps its counts", () =>
  inFolder(async (folder) => {
    const data = await readCsv(file(`${TRAINING},7,3\n`), SCHEMA, { onMissingLabel: "skip" });
    await data.save(`${folder}/data.weft`);
    const copy = await Dataset.load(`${folder}/data.weft`);
    assertEquals([copy.coverage, copy.missingLabels], [data.coverage, 1]);
  }));

Deno.test("clamped numbers stay within those of the training data", async () => {
  const schema: Schema = {
    label: "y",
    features: [numeric("x", { scale: "standard" }), numeric("c", { scale: "standard", clamp: true, column: "x" })],
  };
  const training = await readCsv(file("y,x\n1,-1\n0,1\n"), schema);
  const copy = FittedSchema.fromJSON(JSON.parse(JSON.stringify(training.schema)));
  const test = await readCsv(file("y,x\n1,1e30\n0,-3\n1,0.5\n"), copy);
  assertEquals([valuesOf(test, 0), valuesOf(test, 1)], [[Math.fround(1e30), -3, 0.5], [1, -1, 0.5]]);
  assertEquals(test.coverage!.map(({ outside }) => outside), [2, 2]);
});

Deno.test("the range of numbers that are not clamped makes no other schema, and old files have none", async () => {
  const { schema } = await readCsv(file(TRAINING), SCHEMA);
  const json = JSON.parse(JSON.stringify(schema));
  for (const field of json.fields) delete field.range;
  const older = FittedSchema.fromJSON(json);
  assertEquals(await older.fingerprint(), await schema.fingerprint());
  assertEquals(readRows([{ u: "7", x: 1e9 }], older).coverage!.map(({ outside }) => outside), [0, 0, 0]);
  json.fields[1].range = [3, 1];
  let message = "";
  try {
    FittedSchema.fromJSON(json);
  } catch (error) {
    message = (error as Error).message;
  }
  assertStringIncludes(message, 'field "x" must have a range of two ascending numbers');
});

Deno.test("a number that overflows when it is scaled is a malformed row", async () => {
  const schema: Schema = { label: "y", features: [numeric("x", { scale: "standard" })] };
  const { schema: fitted } = await readCsv(file("y,x\n1,0.001\n0,0.002\n"), schema);
  await assertRejects(
    () => readCsv(file("y,x\n1,1e38\n"), fitted),
    SyntaxError,
    'line 2: field "x": expected a number',
  );
  const data = await readCsv(file("y,x\n1,1e38\n1,1\n"), fitted, { onBadRow: "skip" });
  assert(data.rows === 1 && data.skipped === 1);
});
