/** Raw values go into an exported model and come out as the scores of the same rows. */
import { assertEquals, assertRejects } from "@std/assert";
import { models } from "../../models/mod.ts";
import { categorical, numeric, readRows, type Row, sequence } from "../../mod.ts";
import type { OnnxOptions } from "../../src/interchange/onnx/export.ts";
import { Model } from "../../src/model.ts";
import type { Feature } from "../../src/data/schema.ts";
import { gpu } from "../support.ts";
import { assertScores, drawParameters, runSession, scoresOf, tensorOf, withSession } from "./onnx_run.ts";

type Columns = Parameters<typeof runSession>[1];

/** Runs a model that is fitted to `training` on `rows`, and its export on the same rows as `columns`. */
async function compareRows(
  slug: string,
  { training, rows, features }: { training: readonly Row[]; rows: readonly Row[]; features: readonly Feature[] },
  options: OnnxOptions,
  columns: Columns,
): Promise<void> {
  const labeled = training.map((row, i) => ({ ...row, y: i % 2 }));
  const { schema } = readRows(labeled, { label: "y", features });
  const definition = models[slug]({ dim: 4, hidden: [6] });
  await using model = await Model.create(definition, schema, { device: await gpu() });
  await drawParameters(model);
  const expected = await scoresOf(model, readRows(rows, schema));
  await withSession(model, options, async (session) => {
    assertEquals([...session.inputNames].sort(), Object.keys(columns).sort());
    assertScores(await runSession(session, columns), expected, schema.tasks);
  });
}

const NUMBERS = [0.1, 3, -2.5, 12, 0.3, 7, 0.7];

const numbers: readonly Feature[] = [
  categorical("user"),
  numeric("plain"),
  numeric("log", { scale: "log" }),
  numeric("standard", { scale: "standard" }),
  numeric("minmax", { scale: "minmax", clamp: true }),
  numeric("bucket", { buckets: 4 }),
];

/** Rows of one number in all numeric columns; missing ones are null. */
function rowsOf(values: readonly (number | null)[], users: readonly string[]): Row[] {
  return values.map((x, i) => ({ user: users[i], plain: x, log: x, standard: x, minmax: x, bucket: x }));
}

function columnsOf(values: readonly (number | null)[], user: Columns[string]): Columns {
  const column = () => tensorOf("float32", values.map((x) => x ?? NaN), [values.length, 1]);
  const names = ["plain", "log", "standard", "minmax", "bucket"];
  return { user, ...Object.fromEntries(names.map((name) => [name, column()])) };
}

for (const withMissing of [true, false]) {
  const trained = withMissing ? "with missing ones" : "without missing ones";
  Deno.test(`numbers are scaled, cut and clamped in the graph, trained ${trained}`, async () => {
    const given = withMissing ? [...NUMBERS, null] : NUMBERS;
    const training = rowsOf(given, given.map((_, i) => `u${i % 3}`));
    const asked = [0.1, 0.3, 0.7, 12, 15, -9, null, 0];
    const users = ["u0", "u1", "u2", "u0", "new", "u1", "u2", "u0"];
    const user = tensorOf("string", users, [users.length, 1]);
    const data = { training, rows: rowsOf(asked, users), features: numbers };
    for (const slug of ["deepfm", "dlrm"]) {
      await compareRows(slug, data, { strings: true }, columnsOf(asked, user));
    }
  });
}

Deno.test("what stands in for a missing number is in the graph, and so is a field that says where", async () => {
  const features = [
    categorical("user", { ifMissing: "mode" }),
    numeric("plain", { ifMissing: { value: -3 }, indicator: true }),
    numeric("log", { scale: "log", ifMissing: "median" }),
    numeric("standard", { scale: "standard", ifMissing: "mean", indicator: true }),
    numeric("minmax", { scale: "minmax", clamp: true, ifMissing: { value: 99 } }),
    numeric("bucket", { buckets: [0, 2.5, 8], ifMissing: "mode" }),
  ];
  const asked = [0.1, 0.3, 15, -9, null, 0];
  const users = ["u0", "new", "", "u1", "u2", "u0"];
  const user = tensorOf("string", users, [users.length, 1]);
  for (const given of [[...NUMBERS, null, 3], NUMBERS]) {
    const training = rowsOf(given, given.map((_, i) => `u${i % 3}`));
    const data = { training, rows: rowsOf(asked, users), features };
    await compareRows("deepfm", data, { strings: true }, columnsOf(asked, user));
  }
});

Deno.test("whether a text is there is told from the text, and log buckets are edges like others", async () => {
  const features = [
    categorical("user", { indicator: true, ifMissing: { value: "u" } }),
    numeric("n", { buckets: "log" }),
  ];
  const values = ["a", "", "b", "new"];
  const numbers = [0, 3, 1000, 70];
  const rowsOf = (users: readonly string[]) => users.map((user, i) => ({ user, n: numbers[i] }));
  const user = tensorOf("string", values, [4, 1]);
  const n = tensorOf("float32", numbers, [4, 1]);
  const columns = { user, user_missing: user, n };
  const { user_missing: _, ...shared } = columns;
  const data = { training: rowsOf(["a", "b", "", "a"]), rows: rowsOf(values), features };
  await compareRows("deepfm", data, { strings: true }, shared);
});

Deno.test("a graph refuses texts that it would have to change", async () => {
  const features = [categorical("user", { lowerCase: true })];
  const { schema } = readRows([{ y: 1, user: "A" }, { y: 0, user: "b" }], { label: "y", features });
  await using model = await Model.create(models.fm({ dim: 4 }), schema, { device: await gpu() });
  await assertRejects(
    () => withSession(model, { strings: true }, () => Promise.resolve()),
    TypeError,
    'field "user" turns texts into small letters, which a graph cannot; export without strings',
  );
  await withSession(model, {}, () => Promise.resolve());
  const near = [numeric("a", { ifMissing: "nearest" }), numeric("b")];
  const numbers = readRows([{ y: 1, a: 1, b: 2 }, { y: 0, a: 2, b: 3 }], { label: "y", features: near });
  await using nearest = await Model.create(models.fm({ dim: 4 }), numbers.schema, { device: await gpu() });
  await assertRejects(
    () => withSession(nearest, {}, () => Promise.resolve()),
    TypeError,
    'missing numbers of "a" come from the nearest rows, which a graph cannot look for',
  );
});

Deno.test("row numbers count from the first of their field, and those it lacks are unseen", async () => {
  const training = ["a", "b", "b", ""].map((user) => ({ user, item: "i" }));
  const users = ["b", "a", "", "new", "other"];
  const columns = {
    user: tensorOf("int64", [2, 3, 1, -1, 99], [5, 1]),
    item: tensorOf("int64", [1, 1, 1, 1, 0], [5, 1]),
  };
  const rows = users.map((user, i) => ({ user, item: i < 4 ? "i" : "j" }));
  const features = [categorical("user"), categorical("item")];
  await compareRows("fm", { training, rows, features }, {}, columns);
});

Deno.test("features of one column share a text, and have row numbers of their own", async () => {
  const features = [
    categorical("all", { column: "user" }),
    categorical("often", { column: "user", minCount: 2 }),
    numeric("age", { column: "user", buckets: 2 }),
  ];
  const training = ["1", "2", "2", "3"].map((user) => ({ user }));
  const rows = ["2", "1", "3"].map((user) => ({ user }));
  const all = tensorOf("int64", [1, 2, 3], [3, 1]);
  const often = tensorOf("int64", [1, 0, 0], [3, 1]);
  const age = tensorOf("float32", [2, 1, 3], [3, 1]);
  await compareRows("fm", { training, rows, features }, {}, { all, often, age });
  const user = tensorOf("string", ["2", "1", "3"], [3, 1]);
  const two = { training, rows, features: features.slice(0, 2) };
  await compareRows("fm", two, { strings: true }, { user });
});

const histories: readonly Feature[] = [
  categorical("item"),
  categorical("shop"),
  sequence("items", { of: "item", maxLength: 3 }),
  sequence("shops", { of: "shop", along: "items", maxLength: 3 }),
  sequence("tags", { combiner: "mean", weights: ":", maxLength: 2 }),
];

const HISTORIES: readonly Row[] = [
  { item: "a", shop: "x", items: ["a", "b"], shops: ["x", "y"], tags: ["t:2", "u:0.5"] },
  { item: "b", shop: "y", items: ["b", "a", "c", "b"], shops: ["y", "x", "x", "y"], tags: ["u", "t:3", "t"] },
  { item: "c", shop: "x", items: [], shops: [], tags: [] },
  { item: "c", shop: "", items: ["new", "", "c"], shops: ["x", "z", "x"], tags: ["v:4"] },
];

const LISTS = {
  items: [["a", "b", "", "", ""], ["", "b", "a", "c", "b"], ["", "", "", "", ""], ["", "new", "", "c", ""]],
  shops: [["x", "y", "", "", ""], ["", "y", "x", "x", "y"], ["", "", "", "", ""], ["", "x", "z", "x", ""]],
  tags: [["t", "u", ""], ["u", "t", "t"], ["", "", ""], ["", "", "v"]],
};

const WEIGHTS = [[2, 0.5, 9], [1, 3, 1], [9, 9, 9], [9, 9, 4]];

for (const slug of ["din", "bst", "dien"]) {
  Deno.test(`lists of ${slug} are padded at either end, and the last values are kept`, async () => {
    const text = (lists: readonly (readonly string[])[]) => tensorOf("string", lists.flat(), [4, lists[0].length]);
    const columns = {
      item: tensorOf("string", ["a", "b", "c", "c"], [4, 1]),
      shop: tensorOf("string", ["x", "y", "x", ""], [4, 1]),
      ...Object.fromEntries(Object.entries(LISTS).map(([name, lists]) => [name, text(lists)])),
      tags_weights: tensorOf("float32", WEIGHTS.flat(), [4, 3]),
    };
    const data = { training: HISTORIES, rows: HISTORIES, features: histories };
    await compareRows(slug, data, { strings: true }, columns);
  });
}

Deno.test("lists without a place, and models that read no histories", async () => {
  const training = HISTORIES.map(({ tags: _, ...row }) => row);
  const data = { training, rows: [{ item: "a", shop: "x" }], features: histories.slice(0, 4) };
  const fields = { item: tensorOf("int64", [2], [1, 1]), shop: tensorOf("int64", [2], [1, 1]) };
  const none = tensorOf("int64", [], [1, 0]);
  await compareRows("din", data, {}, { ...fields, items: none, shops: none });
  await compareRows("lr", data, {}, fields);
});

Deno.test("a column may not have the name of an output", async () => {
  const { schema } = readRows([{ y: 0, score: "a" }, { y: 1, score: "b" }], {
    label: "y",
    features: [categorical("score")],
  });
  await using model = await Model.create(models.lr({}), schema, { device: await gpu() });
  await assertRejects(
    () => withSession(model, {}, () => Promise.resolve()),
    RangeError,
    'Cannot export to ONNX: names of inputs and outputs must differ, received "score" twice',
  );
});
