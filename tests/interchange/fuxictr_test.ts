import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { din, dnn, dsin, fm, lr, wideDeep } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint/content.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { importStateDict } from "../../src/interchange/state_dict/import.ts";
import { readDeepctrSchema, readFuxictrSchema } from "../../src/interchange/state_dict/schema.ts";
import { Model } from "../../src/model.ts";
import { withHistory } from "../datasets.ts";
import { assertClose, gpu } from "../support.ts";

const FEATURE_MAP = {
  labels: ["click"],
  features: [
    { request: { type: "meta" } },
    { user: { source: "user", type: "categorical" } },
    { price: { source: "item", type: "numeric" } },
  ],
};
const VOCABULARY = { user: { __PAD__: 0, u7: 1, u3: 2, __OOV__: 3 } };
const EMBEDDING = "embedding_layer.embedding_layer.embedding_layers";
const LINEAR = `fm.lr_layer.${EMBEDDING}`;

function tensor(shape: number[], ...data: number[]): CheckpointTensor {
  return { shape, data: Float32Array.from(data) };
}

const STATE = {
  [`${EMBEDDING}.user.weight`]: tensor([4, 2], 9, 9, 1, 2, 3, 4, -1, 0.5),
  [`${EMBEDDING}.price.weight`]: tensor([2, 1], 0.5, -0.25),
  [`${LINEAR}.user.weight`]: tensor([4, 1], 9, 0.1, 0.2, 0.3),
  [`${LINEAR}.price.weight`]: tensor([1, 1], 0.7),
  "fm.lr_layer.bias": tensor([1], -0.4),
};

/** The logit of an FM over a user's vector and a price. */
function logit([a, b]: readonly number[], weight: number, price: number): number {
  return -0.4 + weight + 0.7 * price + a * 0.5 * price + b * -0.25 * price;
}

function logits(probabilities: Float32Array): number[] {
  return Array.from(probabilities, (p) => Math.log(p / (1 - p)));
}

Deno.test("numbers, unseen and missing values of FuxiCTR keep their logits", async () => {
  const { schema, vocabularies } = readFuxictrSchema(FEATURE_MAP, VOCABULARY);
  assertEquals(schema.fields.map(({ name, kind }) => [name, kind]), [["user", "categorical"], ["price", "numeric"]]);
  await using model = await Model.create(fm({ dim: 2 }), schema, { device: await gpu() });
  await importStateDict(model, STATE, { from: "fuxictr", vocabularies });
  const rows = [["u7", 2], ["u3", -1], ["new", 0.5], ["", 3], ["u3", ""]] as const;
  const data = readRows(rows.map(([user, price]) => ({ click: 1, user, price })), schema);
  assertClose(logits(await model.predict(data)), [
    logit([1, 2], 0.1, 2),
    logit([3, 4], 0.2, -1),
    logit([-1, 0.5], 0.3, 0.5),
    logit([-1, 0.5], 0.3, 3),
    logit([3, 4], 0.2, 0),
  ], "logits");
});

Deno.test("rows go to a model's own vocabulary by value", async () => {
  const schema = new FittedSchema({
    declared: { label: "click" },
    missing: [""],
    fields: [
      { feature: categorical("user"), missing: true, vocabulary: ["u3", "u5"] },
      { feature: numeric("price"), missing: true, scaling: { scale: "none", center: 0, spread: 1 } },
    ],
  });
  await using model = await Model.create(fm({ dim: 2 }), schema, { device: await gpu() });
  const report = await importStateDict(model, STATE, { from: "fuxictr", vocabularies: VOCABULARY });
  assertEquals(report, { ignored: [], unusedRows: { user: 1 }, zeroUnseen: [] });
  const { embedding, linear } = await model.parameters();
  // Unseen, missing, u3, and u5 that FuxiCTR had not seen; the price and its absence.
  assertEquals(embedding.data, Float32Array.of(-1, 0.5, -1, 0.5, 3, 4, -1, 0.5, 0.5, -0.25, 0, 0));
  assertEquals(linear.data, Float32Array.from([0.3, 0.3, 0.2, 0.3, 0.7, 0]));
});

Deno.test("rows that no vocabulary names are counted, and fields without a row for unseen values are named", async () => {
  const { schema, vocabularies } = readDeepctrSchema("y", { a: 2, b: { x: 1, z: 0 } });
  await using model = await Model.create(fm({ dim: 1 }), schema, { device: await gpu() });
  await assertRejects(
    () => importStateDict(model, {}, { from: "deepctr", vocabularies }),
    TypeError,
    'must be one of afm,deepfm,mlr,nfm,pnn,wide_deep,xdeepfm, received "fm"',
  );
  await using wide = await Model.create(wideDeep({ dim: 1, hidden: [1] }), schema, { device: await gpu() });
  const state = {
    "embedding_dict.a.weight": tensor([4, 1], 1, 2, 3, 4),
    "embedding_dict.b.weight": tensor([2, 1], 5, 6),
    "linear_model.embedding_dict.a.weight": tensor([4, 1], 1, 2, 3, 4),
    "linear_model.embedding_dict.b.weight": tensor([2, 1], 5, 6),
    "dnn.linears.0.weight": tensor([1, 2], 1, 1),
    "dnn.linears.0.bias": tensor([1], 1),
    "dnn_linear.weight": tensor([1, 1], 1),
    "out.bias": tensor([1], 1),
  };
  const report = await importStateDict(wide, state, { from: "deepctr", vocabularies });
  assertEquals(report, { ignored: [], unusedRows: { a: 2 }, zeroUnseen: ["a", "b"] });
  assertEquals((await wide.parameters()).embedding.data, Float32Array.of(0, 1, 2, 0, 5, 6));
  await assertRejects(
    () =>
      importStateDict(wide, { ...state, "linear_model.weight": tensor([3, 1], 1, 2, 3) }, {
        from: "deepctr",
        vocabularies,
      }),
    TypeError,
    '1 unexpected: "linear_model.weight" [1, 3]',
  );
});

Deno.test("a missing value that FuxiCTR has a row for takes that row", () => {
  const vocabulary = { user: { __PAD__: 0, "": 1, u3: 2, __OOV__: 3 } };
  const { schema } = readFuxictrSchema(FEATURE_MAP, vocabulary);
  assertEquals([schema.fields[0].missing, schema.fields[0].vocabulary], [true, ["u3"]]);
});

Deno.test("importStateDict names what it cannot use, and leaves the model as it was", async () => {
  const device = await gpu();
  const { schema, vocabularies } = readFuxictrSchema(FEATURE_MAP, VOCABULARY);
  await using model = await Model.create(fm({ dim: 2 }), schema, { device });
  const before = await model.parameters();
  const refuse = async (change: Record<string, CheckpointTensor | undefined>, part: string, rows = vocabularies) => {
    const entries = Object.entries({ ...STATE, ...change }).filter(([, given]) => given !== undefined);
    const tensors = Object.fromEntries(entries) as Record<string, CheckpointTensor>;
    await assertRejects(
      () => importStateDict(model, tensors, { from: "fuxictr", vocabularies: rows }),
      Error,
      part,
    );
    assertEquals(await model.parameters(), before);
  };
  await refuse({ "mlp.mlp.0.weight": tensor([1, 4], 1, 2, 3, 4) }, '1 unexpected: "mlp.0.weight" [4, 1]');
  await refuse({ "extra.thing": tensor([1], 1) }, '1 unexpected: "extra.thing" [1]');
  await refuse(
    { [`${EMBEDDING}.item.weight`]: tensor([1, 2], 1, 2) },
    `1 unexpected: "${EMBEDDING}.item.weight" [2, 1]`,
  );
  await refuse({ "fm.lr_layer.bias": undefined }, '1 missing: "linear.bias" [1]');
  await refuse({ [`${EMBEDDING}.price.weight`]: tensor([3, 1], 1, 2, 3) }, "must have one width, received 2, 3");
  await refuse({ [`${EMBEDDING}.user.weight`]: tensor([2, 2], 1, 2, 3, 4) }, "go up to 3, received a tensor [2,2]");
  await refuse({ "fm.lr_layer.bias": tensor([1], NaN) }, '"linear.bias" must be finite, received NaN at [0]');
  await refuse({ count: { shape: [1], data: Int32Array.of(1) } }, "numbers must be floats, received a Int32Array");
  await refuse({}, 'the vocabulary of "user" is missing', {});
  const counters = { "a.num_batches_tracked": { shape: [], data: BigInt64Array.of(3n) } };
  const { ignored } = await importStateDict(model, { ...STATE, ...counters }, { from: "fuxictr", vocabularies });
  assertEquals(ignored, ["a.num_batches_tracked"]);
});

Deno.test("importStateDict refuses a model that the tool's maps have not, and lists those that they have", async () => {
  const device = await gpu();
  const { schema, vocabularies } = readFuxictrSchema(FEATURE_MAP, VOCABULARY);
  await using model = await Model.create(dsin({ dim: 2 }), withHistory(readDeepctrSchema("y", { a: 3, b: 2 }).schema), {
    device,
  });
  await assertRejects(
    () => importStateDict(model, STATE, { from: "fuxictr", vocabularies }),
    TypeError,
    "Cannot import from FuxiCTR: the model must be one of afm,afn,aoanet,",
  );
  await using other = await Model.create(lr(), schema, { device });
  await assertRejects(
    () => importStateDict(other, STATE, { from: "deepctr", vocabularies }),
    TypeError,
    'Cannot import from DeepCTR-Torch: the model must be one of afm,deepfm,mlr,nfm,pnn,wide_deep,xdeepfm, received "lr"',
  );
});

Deno.test("importStateDict refuses a batch norm in front of all layers, which no model has", async () => {
  const { schema, vocabularies } = readFuxictrSchema(FEATURE_MAP, VOCABULARY);
  await using model = await Model.create(dnn({ dim: 2, hidden: [] }), schema, { device: await gpu() });
  const norm = ["weight", "bias", "running_mean", "running_var"].map((
    name,
  ) => [`mlp.mlp.0.${name}`, tensor([4], 1, 1, 1, 1)]);
  const state = {
    ...Object.fromEntries(Object.entries(STATE).filter(([name]) => name.startsWith("embedding"))),
    ...Object.fromEntries(norm),
    "mlp.mlp.1.weight": tensor([1, 4], 1, 1, 1, 1),
    "mlp.mlp.1.bias": tensor([1], 1),
  };
  await assertRejects(
    () => importStateDict(model, state, { from: "fuxictr", vocabularies }),
    TypeError,
    '4 unexpected: "mlp.mlp.0.weight"',
  );
});

Deno.test("a sequence whose embeddings are not those of its field is left over", async () => {
  const map = {
    labels: ["click"],
    features: [
      { item: { type: "categorical" } },
      { clicked: { type: "sequence", share_embedding: "item", max_len: 3, feature_encoder: null } },
    ],
  };
  const { schema, vocabularies } = readFuxictrSchema(map, { item: { __PAD__: 0, a: 1, __OOV__: 2 } });
  await using model = await Model.create(din({ dim: 1, hidden: [1], attention: [1] }), schema, { device: await gpu() });
  const names = ["item", "clicked"].map((field) => `embedding_layer.embedding_layers.${field}.weight`);
  const state = { [names[0]]: tensor([3, 1], 0, 1, 2), [names[1]]: tensor([3, 1], 0, 1, 3) };
  await assertRejects(
    () => importStateDict(model, state, { from: "fuxictr", vocabularies }),
    TypeError,
    `1 unexpected: "${names[1]}"`,
  );
});

Deno.test("a field that is cut into buckets has no counterpart", async () => {
  const schema = new FittedSchema({
    declared: { label: "click" },
    missing: [""],
    fields: [
      { feature: categorical("user"), missing: false, vocabulary: ["u3"] },
      { feature: numeric("price", { buckets: 2 }), missing: false, edges: [1] },
    ],
  });
  await using model = await Model.create(fm({ dim: 2 }), schema, { device: await gpu() });
  await assertRejects(
    () => importStateDict(model, STATE, { from: "fuxictr", vocabularies: VOCABULARY }),
    TypeError,
    'field "price" must not be cut into buckets',
  );
});

Deno.test("readFuxictrSchema and readDeepctrSchema name what is wrong with their files", () => {
  const map = (...features: object[]) => ({ labels: ["click"], features });
  const user = { user: { type: "categorical" } };
  const cases: [unknown, unknown, string][] = [
    [null, VOCABULARY, "it must have lists of features and labels"],
    [{ features: [], labels: [] }, VOCABULARY, "it must have lists of features and labels"],
    [map({ e: { type: "embedding" } }), VOCABULARY, 'type of "e" must be known, received embedding'],
    [map({ user: null }), VOCABULARY, 'type of "user" must be known, received undefined'],
    [map({ h: { type: "sequence", max_len: 3 } }, user), { ...VOCABULARY, h: {} }, 'received "user" last'],
    [map({ item: { type: "categorical" } }), VOCABULARY, 'values of "item" are missing'],
    [map(user), [], "it must have rows of values by feature"],
    [map(user), { user: { a: -1 } }, 'rows of "user" must be whole numbers by value, received -1'],
    [map(user), { user: 3 }, 'rows of "user" must be whole numbers by value, received 3'],
  ];
  for (const [features, vocabulary, message] of cases) {
    assertThrows(() => readFuxictrSchema(features, vocabulary), TypeError, message);
  }
  assertThrows(() => readDeepctrSchema("y", { a: 1.5 }), TypeError, 'rows of "a" must be whole numbers');
  assertThrows(() => readDeepctrSchema("y", 3), TypeError, "it must have rows of values by feature");
  const { schema } = readDeepctrSchema("y", { a: 2, b: { x: 1, z: 0 } });
  assertEquals(schema.fields.map(({ vocabulary }) => vocabulary), [["0", "1"], ["z", "x"]]);
});
