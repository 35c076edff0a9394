import { dsin, type DsinOptions } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { lstm } from "../reference/lstm.ts";
import {
  type Batch,
  concat,
  dense,
  embed,
  map,
  type Matrix,
  mlp,
  plus,
  sigmoid,
  type Weights,
} from "../reference/nn.ts";
import { piecesOf, sessionsOf } from "../reference/sessions.ts";
import { transformerBlock } from "../reference/transformer.ts";
import { gpu } from "../support.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

const HEADS = 2;

/** The interest of each session: the mean behind self-attention among its items, which know their places. */
function interestsOf(items: Matrix, cut: readonly number[][], weights: Weights, most: number): Matrix {
  const size = weights.bias.length / items[0].length / most;
  return cut.map((session, s) => {
    const encoded = session.map((t, i) => {
      const first = (s * size + i) * items[t].length;
      return items[t].map((value, n) => value + weights.bias[first + n]);
    });
    const within = transformerBlock(encoded, weights, "block", { heads: HEADS, allows: () => true });
    return within.reduce((sum, row) => plus([sum], [row])[0]).map((value) => value / within.length);
  });
}

/** States of one direction over the sessions of a row. */
function walk(interests: Matrix, weights: Weights, name: string, reverse: boolean): Matrix {
  const units = interests[0].length;
  const x = Float64Array.from(dense(interests, weights, `${name}.input`).flatMap((row) => [...row]));
  const sizes = { batch: 1, places: interests.length, units };
  const numbers = { x, u: weights[`${name}.state.weight`], lengths: Float64Array.of(interests.length) };
  const states = lstm(sizes, reverse, numbers);
  return interests.map((_, s) => states.subarray(s * units, (s + 1) * units));
}

/** Weighs sessions by their likeness to the target. */
function attended(target: Float64Array, x: Matrix, weights: Weights, name: string): Float64Array {
  const seen = x.map((k) =>
    Float64Array.of(...target, ...k, ...target.map((q, n) => q - k[n]), ...target.map((q, n) => q * k[n]))
  );
  const hidden = map(dense(seen, weights, `${name}.0`), sigmoid);
  const scores = dense(hidden, weights, `${name}.1`).map(([score]) => Math.exp(score));
  const sum = scores.reduce((a, b) => a + b, 0);
  return target.map((_, n) => x.reduce((all, k, s) => all + scores[s] / sum * k[n], 0));
}

function reference(weights: Weights, batch: Batch, places: number, options: DsinOptions): Matrix {
  const { dim = 0, session, sessions = 0, size = 0 } = options;
  const e = embed(batch.ids, weights.embedding, dim);
  const width = session ? dim : 2 * dim; // where the second sequence tells sessions apart, it is not among the items
  const most = session ? sessions : Math.ceil(places / size);
  const interests = e.map((row, b) => {
    const events = batch.events![b];
    if (events.length === 0) return new Float64Array(2 * width);
    const items = embed(events, weights.embedding, dim).map((item) => item.subarray(0, width));
    const rows = events.map(([, beside]) => beside);
    const cut = session ? sessionsOf(rows, { sessions, size }) : piecesOf(items.length, size);
    const x = interestsOf(items, cut, weights, most);
    const states = plus(walk(x, weights, "lstm", false), walk(x, weights, "lstm_1", true));
    const target = row.subarray(0, width);
    const own = attended(target, x, weights, "attention");
    return Float64Array.of(...own, ...attended(target, states, weights, "attention_1"));
  });
  return mlp(concat(e, interests), weights, "mlp", { batch });
}

const cases: [ModelShape, DsinOptions][] = [
  [{ fields: 2, places: 1, dim: 1, rows: 4 }, { size: 3 }],
  // Sessions of two places that do not divide the history.
  [{ fields: 3, places: 5, dim: 3, rows: 9 }, { size: 2 }],
  // Fewer sessions than there are, of fewer places than some have.
  [{ fields: 3, places: 9, dim: 4, rows: 13 }, { session: "beside", sessions: 2, size: 2 }],
];
for (const [shape, sizes] of cases) {
  const options = { dim: shape.dim, heads: HEADS, hidden: [5], attention: [3], feedForward: 3, ...sizes };
  const kind = sizes.session ? "told apart by a sequence" : `of ${sizes.size} items`;
  Deno.test(`dsin with sessions ${kind} equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(dsin(options), shape, (weights, batch) => reference(weights, batch, shape.places!, options), {
      rtol: 5e-5,
    }));
}

Deno.test("dsin's attention to sessions sums to 1, and to 0 without any", async () => {
  const schema = withHistory(schemaOf([5, 4]), 8);
  const data = drawDataset(schema, 11, 3); // the first row's history is empty
  const definition = dsin({ dim: 2, hidden: [3], session: "beside", sessions: 3, size: 2 });
  await using model = await Model.create(definition, schema, { device: await gpu() });
  const { attention, attention_1: evolved } = await model.inspect(data);
  for (const { shape, data: weights } of [attention, evolved]) {
    assertEquals(shape, [11, 3]);
    for (let b = 0; b < 11; b++) {
      const sum = (weights as Float32Array).subarray(3 * b, 3 * b + 3).reduce((a, w) => a + w, 0);
      assertEquals(sum.toFixed(5), b === 0 ? "0.00000" : "1.00000");
    }
  }
});

Deno.test("dsin refuses sessions by a sequence that is not along the history", async () => {
  const device = await gpu();
  const schema = withHistory(schemaOf([3, 4]), 3);
  const create = (options: DsinOptions) => Model.create(dsin(options), schema, { device });
  await assertRejects(() => create({ session: "f0" }), RangeError, 'sequences are history, beside, received "f0"');
  await assertRejects(() => create({ session: "beside", size: 0 }), RangeError, "size must be a positive integer");
  await assertRejects(() => create({ size: 1.5 }), RangeError, "a positive number of places, received 1.5");
});
