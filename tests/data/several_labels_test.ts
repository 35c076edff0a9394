import { requireTwoClasses } from "../../src/data/classes.ts";
import { readCsv } from "../../src/data/csv.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readJsonLines } from "../../src/data/json_lines.ts";
import { readEvents } from "../../src/data/read_events.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, parseSchema, type Schema, sequence } from "../../src/data/schema.ts";
import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { file } from "./files.ts";

const SCHEMA: Schema = { labels: ["click", "buy"], features: [categorical("u")] };

const read = (rows: readonly string[], schema: Schema | FittedSchema = SCHEMA, options = {}) =>
  readCsv(file(`click,buy,u\n${rows.map((row) => `${row},a\n`).join("")}`), schema, options);

Deno.test("several labels are columns of one array, with -1 for a label that a row lacks", async () => {
  const data = await read(["1,0", "0,", ",1", "1,1"]);
  assertEquals([data.rows, [...data.labels]], [4, [1, 0, -1, 1, 0, -1, 1, 1]]);
  assertEquals([...data.labelsOf(1)], [0, -1, 1, 1]);
  assertEquals([data.classesOf(0), data.classesOf(1)], [{ known: 3, positives: 2 }, { known: 3, positives: 2 }]);
  assertEquals(data.positives, 2);
  assertEquals(data.schema.tasks, ["click", "buy"]);
});

Deno.test("a row without any label is refused, or left out and counted", async () => {
  await assertRejects(
    () => read(["1,0", ",", "0,1"]),
    SyntaxError,
    'line 3: column "click": expected a label, received a missing one',
  );
  const data = await read(["1,0", ",", "0,1", ","], SCHEMA, { onMissingLabel: "skip" });
  assertEquals([data.rows, data.missingLabels, data.skipped], [2, 2, 0]);
});

Deno.test("a label that is neither of two is malformed, whichever column it is in", async () => {
  await assertRejects(() => read(["1,2"]), SyntaxError, 'line 2: column "buy": expected label 1, and 0 or -1');
});

Deno.test("several labels keep their columns through slices, selections, splits and files", async () => {
  const data = await read(["1,0", "0,", ",1", "1,1"]);
  assertEquals([...data.slice(1, 3).labels], [0, -1, -1, 1]);
  assertEquals([...data.select(Uint32Array.of(3, 1)).labels], [1, 0, 1, -1]);
  const [, last] = data.split([0.5, 0.5], { by: "position" });
  assertEquals([...last.labels], [-1, 1, 1, 1]);
  await inFolder(async (folder) => {
    await data.save(`${folder}/data.weft`);
    const loaded = await Dataset.load(`${folder}/data.weft`);
    assertEquals([loaded.labels, loaded.schema.tasks], [data.labels, data.schema.tasks]);
  });
});

Deno.test("a split that fits the schema to its first part keeps unknown labels", async () => {
  const rows = ["1,0", "0,1", "1,", ",1", "0,0"];
  const text = `click,buy,u\n${rows.map((row) => `${row},a\n`).join("")}`;
  const [training, test] = await readCsvSplit(file(text), SCHEMA, [0.6, 0.4], { by: "position" });
  assertEquals([...training.labels], [1, 0, 1, 0, 1, -1]);
  assertEquals([...test.labels], [-1, 0, 1, 0]);
  await assertRejects(
    () => readCsvSplit(file(text), SCHEMA, [0.2, 0.8], { by: "position" }),
    RangeError,
    'the training part must have a positive label "buy", received none',
  );
});

Deno.test("rows in memory have several labels too", () => {
  const data = readRows([{ click: 1, buy: null, u: "a" }, { click: 0, buy: 1, u: "b" }], SCHEMA);
  assertEquals([...data.labels], [1, 0, -1, 1]);
  assertEquals([...readRows([{ u: "a" }], data.schema).labels], [0, 0]);
});

Deno.test("a label of one class is named before training", async () => {
  const data = await read(["1,0", "0,", "1,0"]);
  assertThrows(
    () => requireTwoClasses("train on the data", data),
    RangeError,
    'it must have labels of both classes, received 2 rows with label "buy" 0',
  );
  const unknown = await read(["1,", "0,"]);
  assertThrows(() => requireTwoClasses("train on the data", unknown), RangeError, 'received no label "buy"');
});

Deno.test("a schema has one label or several, which decide the fingerprint", async () => {
  const { features } = SCHEMA;
  const cases: [object, string][] = [
    [{ label: "click", labels: ["a", "b"], features }, "it must have label or labels, received both"],
    [{ labels: ["click"], features }, "labels must be a list of at least two different columns"],
    [{ labels: ["click", "click"], features }, "labels must be a list of at least two different columns"],
    [{ labels: ["click", 1], features }, "labels of it must be a text, received 1"],
    [{ labels: ["click", "buy"], positive: "yes", features }, "with a positive text need negative, received none"],
  ];
  for (const [json, message] of cases) assertThrows(() => parseSchema(json), TypeError, message);
  assertThrows(() => parseSchema({ ...SCHEMA, labels: ["click", "u"] }), RangeError, '"u" must not be the label');
  const { schema } = await read(["1,0", "0,1"]);
  const copy = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals([copy.tasks, await copy.fingerprint()], [schema.tasks, await schema.fingerprint()]);
  const single = await read(["1,0", "0,1"], { label: "click", features });
  assertNotEquals(await single.schema.fingerprint(), await schema.fingerprint());
  assertEquals(single.schema.toJSON().labels, undefined);
});

Deno.test("JSON lines and logs of events have several labels too, and data sets with histories are selected from", async () => {
  const lines = ['{"click": 1, "buy": 0, "u": "a"}', '{"click": 0, "buy": null, "u": "b"}', '{"buy": 1, "u": "a"}'];
  const data = await readJsonLines(new File([lines.join("\n")], "rows.jsonl"), SCHEMA);
  assertEquals([...data.labels], [1, 0, -1, 0, -1, 1]);
  const schema: Schema = { labels: ["click", "buy"], features: [categorical("u"), sequence("history", { of: "u" })] };
  const log = file("click,buy,u,who,at\n1,0,a,x,1\n0,,b,x,2\n,1,a,x,3\n1,1,b,x,4\n");
  const events = await readEvents(log, schema, { user: "who", item: "u", time: "at" });
  assertEquals([...events.labels], [1, 0, -1, 1, 0, -1, 1, 1]);
  assertEquals([...events.histories[0].offsets], [0, 0, 1, 3, 6]);
  const last = events.select(Uint32Array.of(3, 2));
  assertEquals([[...last.labels], [...last.histories[0].offsets]], [[1, -1, 1, 1], [0, 3, 5]]);
});
