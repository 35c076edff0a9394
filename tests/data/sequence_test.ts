import { readCsv } from "../../src/data/csv.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import type { Histories } from "../../src/data/histories.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, parseSchema, type Schema, sequence } from "../../src/data/schema.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";

const TEXT = [
  "click,item,history,cates,tags,cate",
  "1,a,b|a|c,y|x|z,t1:0.5|t2,x",
  "0,b,,,,y",
  "1,c,a,x,t3:2,z",
].join("\n");

const SCHEMA: Schema = {
  label: "click",
  features: [
    categorical("item"),
    sequence("history", { of: "item", maxLength: 2 }),
    sequence("cates", { of: "cate", along: "history", maxLength: 2 }),
    sequence("tags", { weights: ":", combiner: "mean" }),
    categorical("cate"),
  ],
};

const file = (text = TEXT) => new File([text], "clicks.csv");

function lists({ offsets, ids, weights }: Histories) {
  return { offsets: [...offsets], ids: [...ids], ...(weights && { weights: [...weights] }) };
}

Deno.test("sequences keep their latest values in order, in the rows of the field that they share", async () => {
  const data = await readCsv(file(), SCHEMA);
  assertEquals(data.schema.features.map(({ name }) => name), ["item", "cate", "history", "cates", "tags"]);
  assertEquals([...data.ids], [1, 2, 3, 5, 6, 7]);
  assertEquals(data.histories.map(lists), [
    { offsets: [0, 2, 2, 3], ids: [1, 5, 3, 7, 1, 5] },
    { offsets: [0, 2, 2, 3], ids: [9, 10, 11], weights: [0.5, 1, 2] },
  ]);
  assertEquals(data.schema.rowCount, 12);
  const [history] = data.coverage!.filter(({ name }) => name === "history");
  assertEquals([history.rows, history.unseen, history.cut, history.empty], [3, 0, 1, 1]);
});

Deno.test("values that training does not have share a row, and empty ones count as missing", async () => {
  const { schema } = await readCsv(file(), SCHEMA);
  const rows = readRows([{ item: "a", cate: "x", history: ["new", ""], cates: "q|x", tags: null }], schema);
  assertEquals(rows.histories.map(lists), [
    { offsets: [0, 2], ids: [0, 4, 0, 5] },
    { offsets: [0, 0], ids: [], weights: [] },
  ]);
  const [history] = rows.coverage!.filter(({ name }) => name === "history");
  assertEquals([history.rows, history.unseen, history.missing], [2, 1, 1]);
});

Deno.test("a vocabulary of a sequence's own leaves out rare values", () => {
  const schema = { label: "y", features: [categorical("u"), sequence("tags", { minCount: 2, separator: " " })] };
  const data = readRows([{ y: 1, u: "a", tags: "p q p" }, { y: 0, u: "a", tags: "p" }], schema);
  assertEquals(data.schema.sequences[0].vocabulary, ["p"]);
  assertEquals(lists(data.histories[0]), { offsets: [0, 3, 4], ids: [3, 2, 3, 3] });
});

Deno.test("a schema with sequences survives JSON, a file and a split with the same rows", async () => {
  const data = await readCsv(file(), SCHEMA);
  const again = FittedSchema.fromJSON(JSON.parse(JSON.stringify(data.schema)));
  assertEquals(await again.fingerprint(), await data.schema.fingerprint());
  const loaded = await inFolder(async (folder) => {
    await data.save(`${folder}/data.weft`);
    return await Dataset.load(`${folder}/data.weft`);
  });
  assertEquals(loaded.histories.map(lists), data.histories.map(lists));
  assertEquals(lists(data.select(Uint32Array.of(2, 0)).histories[0]), { offsets: [0, 1, 3], ids: [1, 5, 1, 5, 3, 7] });
  assertEquals(lists(data.slice(1, 3).histories[1]), { offsets: [0, 0, 1], ids: [11], weights: [2] });
  const [training, test] = await readCsvSplit(file(), SCHEMA, [0.67, 0.33], { by: "position" });
  assertEquals(lists(training.histories[0]), { offsets: [0, 2, 2], ids: [1, 4, 0, 3] });
  assertEquals(lists(test.histories[1]), { offsets: [0, 1], ids: [6], weights: [2] });
});

Deno.test("rows whose parallel sequences differ, or whose weights are no numbers, are malformed", async () => {
  const short = "click,item,history,cates,tags,cate\n1,a,b|a,y,,x\n0,b,,,,y\n";
  await assertRejects(
    () => readCsv(file(short), SCHEMA),
    SyntaxError,
    'line 2: field "cates": expected 2 values as in "history", received 1',
  );
  const weights = "click,item,history,cates,tags,cate\n1,a,,,t1:x,x\n0,b,,,,y\n";
  await assertRejects(() => readCsv(file(weights), SCHEMA), SyntaxError, 'field "tags": expected a number behind ":"');
  const { schema } = await readCsv(file(), SCHEMA);
  const bad = [{ item: "a", cate: "x", history: [0.1 + 2 ** 60] }];
  assertThrows(() => readRows(bad, schema), SyntaxError, 'field "history": expected a number that a double holds');
});

Deno.test("schemas refuse sequences that refer to nothing", () => {
  const refuse = (features: unknown[], message: string) =>
    assertThrows(() => parseSchema({ label: "y", features }), Error, message);
  const item = { kind: "categorical", name: "item" };
  const list = { kind: "sequence", name: "s" };
  refuse([list], "there must be a feature that is no sequence");
  refuse(
    [item, { ...list, of: "price" }],
    'of of feature "s" must be a categorical feature ("item"), received "price"',
  );
  refuse([{ kind: "numeric", name: "p" }, { ...list, of: "p" }], 'received "p"');
  refuse([item, { ...list, along: "x" }], 'along of feature "s" must be a sequence');
  refuse([item, list, { ...list, name: "t", along: "s", maxLength: 3 }], 'must be 50 as that of "s", received 3');
  refuse([item, list, { ...list, name: "t", along: "s", combiner: "sum" }], "so it must have no combiner or weights");
  refuse([item, { ...list, of: "item", minCount: 2 }], "of or minCount, received both");
  refuse([item, { ...list, combiner: "median" }], "combiner of feature");
  refuse([item, { ...list, separator: "" }], "separator of feature");
  refuse([item, { ...list, weights: "|" }], "another text between values");
  refuse([item, { ...list, maxLength: 0 }], "maxLength of feature");
  refuse([item, { ...list, length: 5 }], 'received "length"');
  const both = parseSchema({ label: "y", features: [sequence("s"), numeric("p")] });
  assertEquals(both.features.map(({ name }) => name), ["p", "s"]);
});

Deno.test("a data set refuses lists that are not those of its rows", async () => {
  const data = await readCsv(file(), SCHEMA);
  const [history, tags] = data.histories;
  const build = (histories: Histories[]) => new Dataset({ ...data, histories });
  assert(build([history, tags]) instanceof Dataset);
  assertThrows(() => build([history]), RangeError, "histories must be 2 as in the schema, received 1");
  const longer = { ...history, offsets: Uint32Array.of(0, 3, 3, 3) };
  assertThrows(() => build([longer, tags]), RangeError, "0 to 2 values in row 0, received 3");
  assertThrows(() => build([{ ...history, ids: history.ids.slice(1) }, tags]), RangeError, "6 row numbers, received 5");
  assertThrows(() => build([history, { ...tags, weights: undefined }]), RangeError, "3 weights, received none");
});

Deno.test("the values of a sequence can be read by row, as names", async () => {
  const data = await readCsv(file(), SCHEMA);
  assertEquals(data.valuesOf("history", 0), ["a", "c"]);
  assertEquals(data.valuesOf("cates", 2), ["x"]);
  assertEquals(data.valuesOf("history", 1), []);
  const rows = readRows([{ item: "a", cate: "x", history: ["new", "b"], cates: "q|x" }], data.schema);
  assertEquals(rows.valuesOf("history", 0), [undefined, "b"]);
  assertThrows(() => data.valuesOf("item", 0), RangeError, 'sequences are history, cates, tags, received "item"');
  assertThrows(() => data.valuesOf("history", 3), RangeError, "rows 0 to 2, received 3");
});
