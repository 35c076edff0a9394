import { describeOneClass, requireLabels, requireTwoClasses } from "../../src/data/classes.ts";
import { readCsv } from "../../src/data/csv.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, type Schema } from "../../src/data/schema.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { file } from "./files.ts";

const FEATURES = [categorical("u")];
const NUMBERS: Schema = { label: "y", features: FEATURES };

/** Reads rows with these labels and the same feature. */
const read = (labels: readonly string[], schema: Schema | FittedSchema, options = {}) =>
  readCsv(file(`y,u\n${labels.map((label) => `${label},a\n`).join("")}`), schema, options);

Deno.test("a text that is neither class is a malformed row: another case, NA, a header line in the middle", async () => {
  const schema: Schema = { ...NUMBERS, positive: "yes", negative: "no" };
  for (const third of ["Yes", "NA", "y", " yes", "1"]) {
    await assertRejects(
      () => read(["yes", "no", third], schema),
      SyntaxError,
      `line 4: column "y": expected "yes" or "no", received ${JSON.stringify(third)}`,
    );
    const data = await read(["yes", third, "no"], schema, { onBadRow: "skip" });
    assertEquals([[...data.labels], data.skipped], [[1, 0], 1]);
  }
});

Deno.test("the first other text is the negative one, a third is malformed, and the fitted schema keeps both", async () => {
  const schema: Schema = { ...NUMBERS, positive: "yes" };
  const data = await read(["no", "yes", "no"], schema);
  assertEquals([[...data.labels], data.schema.negative], [[0, 1, 0], "no"]);
  await assertRejects(
    () => read(["no", "yes", "Yes"], schema),
    SyntaxError,
    'line 4: column "y": expected "yes" or "no", the first other label (negative names it), received "Yes"',
  );
  await assertRejects(() => read(["NA", "yes"], data.schema), SyntaxError, 'expected "yes" or "no", received "NA"');
  const copy = FittedSchema.fromJSON(JSON.parse(JSON.stringify(data.schema)));
  assertEquals(copy.negative, "no");
  // Training can be resumed on data whose negative label was not kept at the time.
  const { negative: _, ...older } = JSON.parse(JSON.stringify(data.schema));
  assertEquals(await FittedSchema.fromJSON(older).fingerprint(), await data.schema.fingerprint());
});

Deno.test("skipping does not guess which of several other texts is the negative one", async () => {
  await assertRejects(
    () => read(["NA", "no", "yes", "no"], { ...NUMBERS, positive: "yes" }, { onBadRow: "skip" }),
    RangeError,
    'column "y": they must be "yes" and one other text, received "NA" (1), "no" (2); ' +
      "name the one that means 0 as negative",
  );
});

Deno.test("numbers are labels 1 and 0, or 1 and -1, and no others", async () => {
  assertEquals([...(await read(["1", "-1", "+1", "-1.0", "1.0"], NUMBERS)).labels], [1, 0, 1, 0, 1]);
  for (const [labels, line] of [[["1", "2"], 3], [["0.3"], 2], [["1", "0", "3"], 4], [["0", "-2"], 3]] as const) {
    await assertRejects(
      () => read(labels, NUMBERS),
      SyntaxError,
      `line ${line}: column "y": expected label 1, and 0 or -1`,
    );
  }
  await assertRejects(
    () => read(["1", "0", "-1"], NUMBERS),
    SyntaxError,
    'expected labels 1 and 0 as in the rows before, received "-1"',
  );
  await assertRejects(
    () => read(["1", "0", "-1", "0"], NUMBERS, { onBadRow: "skip" }),
    RangeError,
    "they must be 1 and 0, received -1 in 1 rows",
  );
  const named = await read(["1", "2"], { ...NUMBERS, positive: "2", negative: "1" });
  assertEquals([...named.labels], [0, 1]);
});

Deno.test("a threshold cuts numbers in two, and the fitted schema keeps it", async () => {
  const data = await read(["1", "3", "3.5", "5"], { ...NUMBERS, threshold: 3 });
  assertEquals([...data.labels], [0, 0, 1, 1]);
  const copy = FittedSchema.fromJSON(JSON.parse(JSON.stringify(data.schema)));
  assertEquals([...(await read(["4", "2"], copy)).labels], [1, 0]);
  await assertRejects(() => read(["good"], { ...NUMBERS, threshold: 3 }), SyntaxError, "expected a number as label");
  await assertRejects(() => read([], { ...NUMBERS, threshold: NaN }), TypeError, "threshold must be a finite number");
  await assertRejects(() => read([], { ...NUMBERS, threshold: 1, positive: "yes" }), TypeError, "received both");
});

Deno.test("missing labels are refused, or counted beside the malformed rows", async () => {
  const labels = ["1", "", "?", "0", "x"];
  await assertRejects(
    () => read(labels, NUMBERS),
    SyntaxError,
    'line 3: column "y": expected a label, received a missing',
  );
  const options = { missing: ["", "?"], onBadRow: "skip" };
  const data = await read(labels, NUMBERS, options);
  assertEquals([data.rows, data.missingLabels, data.skipped], [2, 2, 1]);
  await assertRejects(
    () => read(["1", "?"], NUMBERS, { ...options, onMissingLabel: "error" }),
    SyntaxError,
    'line 3: column "y": expected a label, received "?", which means missing',
  );
  await assertRejects(() => read(["1", "", "x"], NUMBERS, { onMissingLabel: "skip" }), SyntaxError, 'received "x"');
  // A text that is named as a class is one, whatever else it means in other columns.
  const named = await read(["1", "-1"], { ...NUMBERS, positive: "1", negative: "-1" }, { missing: ["-1"] });
  assertEquals([...named.labels], [1, 0]);
  const rows = [{ y: 1, u: "a" }, { u: "a" }, { y: null, u: "b" }, { y: 0 }];
  assertEquals(readRows(rows, NUMBERS, { onMissingLabel: "skip" }).missingLabels, 2);
});

Deno.test("labels of libsvm files are numbers of any form, one of two, or cut by a threshold", async () => {
  const data = await readLibsvm(file("1.0 0:5:1\n-1 0:6:1\n+1 0:6:1\n-1.0 0:5:1\n"));
  assertEquals([...data.labels], [1, 0, 1, 0]);
  await assertRejects(() => readLibsvm(file("1 1:1\n0 1:1\n-1 1:1\n")), SyntaxError, "line 3: column");
  const rated = await readLibsvm(file("5 1:1 7:1\n2 1:1 8:1\n3 1:1 8:1\n"), { threshold: 3 });
  assertEquals([...rated.labels], [1, 0, 0]);
  assertEquals([...(await readLibsvm(file("4 1:1 8:1\n"), { schema: rated.schema })).labels], [1]);
});

Deno.test("data without labels, or with one class, is refused where both are needed", async () => {
  const data = await read(["1", "0"], NUMBERS);
  const unlabeled = readRows([{ u: "a" }, { u: "b" }], data.schema);
  assertThrows(
    () => requireLabels("train on the data", unlabeled),
    TypeError,
    "Cannot train on the data: it must have labels, received 2 rows without",
  );
  const one = data.slice(0, 1);
  assertEquals([describeOneClass(data), describeOneClass(one)], [undefined, "1 row with label 1"]);
  assertEquals([describeOneClass(data.slice(1, 2)), describeOneClass(data.slice(1, 1))], [
    "1 row with label 0",
    "no rows",
  ]);
  assertThrows(
    () => requireTwoClasses("train on the data", one),
    RangeError,
    "Cannot train on the data: it must have labels of both classes, received 1 row with label 1",
  );
  requireTwoClasses("train on the data", data);
});
