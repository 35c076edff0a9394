import {
  adaptdhm,
  deepfm,
  din,
  dsin,
  esmm,
  ffm,
  fm,
  lr,
  sim,
  star,
  survival,
  twin,
  wideDeep,
} from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import { sequence } from "../../src/data/sequence.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { FormError } from "../../src/processor/form.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";
import { drawCreatives } from "../survival_data.ts";
import { assertAgrees, passOf, randomize, scoreOnProcessor } from "./agreement.ts";

/** Checks that the processor scores rows as the device does. */
async function assertSame(definition: Definition, data: Dataset): Promise<void> {
  await using model = await Model.create(definition, data.schema, { device: await gpu() });
  const numbers = await randomize(model);
  await using scorer = await model.scorer({ batchSizes: [64] });
  const scores = scoreOnProcessor(definition, data, numbers);
  assert(scores, "all ops must have forms");
  assertAgrees(scores, await scorer.score(data), definition.name);
}

const small = { dim: 4, hidden: [6, 4] };
const plain = drawDataset(withHistory(schemaOf([5, 4, 6, 3]), 6), 150, 3);

/** Columns of all kinds, most of them with gaps. */
const RICH: Schema = {
  label: "click",
  features: [
    categorical("user"),
    categorical("item"),
    numeric("price"),
    numeric("age", { buckets: 3 }),
    sequence("history", { of: "item", maxLength: 4 }),
    sequence("tags", { combiner: "mean", maxLength: 3, weights: ":" }),
    sequence("words", { combiner: "max", maxLength: 3 }),
  ],
};

const rich = readRows(
  Array.from({ length: 90 }, (_, r) => ({
    click: r % 2,
    user: r % 5 === 0 ? null : `u${r % 7}`,
    item: `i${r % 6}`,
    price: r % 4 === 0 ? null : (r % 9) / 10,
    age: r % 6 === 0 ? null : 20 + r,
    history: Array.from({ length: r % 6 }, (_, t) => `i${(r + t) % 6}`),
    tags: Array.from({ length: r % 4 }, (_, t) => `t${(r * t) % 4}:${1 + t / 2}`),
    words: Array.from({ length: r % 3 }, (_, t) => `w${(r + t) % 4}`),
  })),
  RICH,
);

for (const definition of [lr(), fm(small), ffm(small), wideDeep(small), deepfm(small), din(small)]) {
  Deno.test(`${definition.name} on the processor reads numbers, buckets, gaps and lists as the device does`, () =>
    assertSame(definition, rich));
}

Deno.test("a pass computes several tasks, one logit each", () => {
  const rows = Array.from(
    { length: 70 },
    (_, r) => ({ click: r % 2, buy: r % 4 === 1 ? 1 : 0, user: r % 7, item: r % 5 }),
  );
  const features = [categorical("user"), categorical("item")];
  return assertSame(esmm(small), readRows(rows, { labels: ["click", "buy"], features }));
});

Deno.test("a pass computes the hazards of all intervals", () => assertSame(survival(small), drawCreatives(70, 3).data));

Deno.test("a pass normalizes and multiplies by domain", () => assertSame(star({ ...small, domain: "f0" }), plain));

Deno.test("a pass looks fields of other widths up in tables of their own", async () => {
  const dims = { user: 2, age: 6, item: 3, words: 2 };
  await assertSame(deepfm({ ...small, dims }), rich);
  await assertSame(din({ ...small, dims }), rich);
});

Deno.test("a pass takes places by the rows of their values", async () => {
  await assertSame(sim({ ...small, search: "hard", top: 3 }), plain);
  await assertSame(dsin({ ...small, session: "history" }), plain);
});

Deno.test("a row has the same bits whatever rows are beside it, and in batches past the pass's own", async () => {
  await using model = await Model.create(din(small), plain.schema, { device: await gpu() });
  const pass = passOf(model.definition, plain.schema);
  pass.load(await randomize(model));
  const all = pass.score(plain);
  for (const row of [0, 1, 63, 64, 149]) {
    const { probabilities, logits } = pass.score(plain.slice(row, row + 1));
    assertEquals([probabilities[0], logits[0]], [all.probabilities[row], all.logits[row]]);
  }
  assertEquals(pass.score(plain.slice(10, 140)).logits, all.logits.slice(10, 140));
});

Deno.test("a pass goes on with other parameters, and refuses ones of another model", async () => {
  await using model = await Model.create(deepfm(small), plain.schema, { device: await gpu() });
  await using scorer = await model.scorer({ batchSizes: [64] });
  const pass = passOf(model.definition, plain.schema);
  assertThrows(() => pass.score(plain), Error, "the processor's pass has no parameters yet");
  for (const seed of [1, 2]) {
    pass.load(await randomize(model, 0.25, seed));
    assertAgrees(pass.score(plain), await scorer.score(plain), `parameters ${seed}`);
  }
  const before = pass.score(plain);
  assertThrows(() => pass.load({}), TypeError, '" is missing');
  assertEquals(pass.score(plain), before);
});

Deno.test("parameters may be set while a scorer reads earlier ones for the processor, whose scores follow", async () => {
  await using model = await Model.create(deepfm(small), plain.schema, { device: await gpu() });
  await using scorer = await model.scorer({ batchSizes: [64], processor: "auto" });
  await using device = await model.scorer({ batchSizes: [64], processor: "never" });
  const few = plain.slice(0, 64);
  const sets = [await randomize(model, 0.25, 1), await randomize(model, 0.25, 2), await randomize(model, 0.25, 3)];
  for (const [i, numbers] of sets.entries()) {
    // The scorer begins to read the ones before, and is not waited for.
    await scorer.score(few);
    model.setParameters(numbers);
    assertAgrees(await scorer.score(few), await device.score(few), `parameters ${i}`);
  }
});

Deno.test("a model whose op has no form is refused, and the op named", () => {
  assertThrows(() => passOf(adaptdhm(small), plain.schema), FormError, "no form of the ops cluster_routing");
  assertThrows(() => passOf(twin(small), plain.schema), FormError, "no form of target_heads by rank");
});

Deno.test("a pass scores no rows", async () => {
  await using model = await Model.create(lr(), plain.schema, { device: await gpu() });
  const pass = passOf(lr(), plain.schema);
  pass.load(await model.parameters());
  assertEquals(pass.score(plain.slice(0, 0)).logits.length, 0);
});
