import { longer, type LongerOptions } from "../../models/mod.ts";
import { type Batch, concat, dense, embed, type Matrix, mlp, plus, type Weights } from "../reference/nn.ts";
import { transformerBlock } from "../reference/transformer.ts";
import { Model } from "../../src/model.ts";
import { assertRejects } from "@std/assert";
import { schemaOf, withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

const HEADS = 2;

/** Cuts a row into vectors of one width. */
function vectors(row: Float64Array, width: number): Matrix {
  return Array.from({ length: row.length / width }, (_, t) => row.subarray(t * width, (t + 1) * width));
}

/** Items of one row as tokens: `merge` places each, the last of them filled up with places that nobody attends to. */
function merged(items: Matrix, weights: Weights, places: number, merge: number): Matrix {
  if (items.length === 0) return [];
  const position = vectors(weights.position, weights.position.length / places);
  const placed = plus(dense(items, weights, "item"), position.slice(places - items.length));
  const tokens: Matrix = [];
  for (let first = 0; first < items.length; first += merge) {
    const there = Math.min(merge, items.length - first);
    const absent = Array.from({ length: merge - there }, (_, t) =>
      // A place of the history that is not there is a projected item of zeros; those behind all places are zeros.
      first + there + t < places ? weights["item.bias"] : new Float64Array(position[0].length));
    const x = [...placed.slice(first, first + there), ...absent];
    const among = transformerBlock(x, weights, "merge", { heads: HEADS, allows: (i, j) => i < there && j < there });
    tokens.push(Float64Array.from(among.flatMap((row) => [...row])));
  }
  return tokens;
}

function reference(weights: Weights, batch: Batch, places: number, options: LongerOptions): Matrix {
  const { dim = 0, width = 0, merge = 0, globals = 0, latest = 100, layers = 1 } = options;
  const e = embed(batch.ids, weights.embedding, dim);
  const outputs = dense(e, weights, "globals").map((globalTokens, b) => {
    const history = merged(embed(batch.events![b], weights.embedding, dim), weights, places, merge);
    const causal = { heads: HEADS, allows: (i: number, j: number) => j <= i };
    let o = transformerBlock([...history, ...vectors(globalTokens, merge * width)], weights, "block", causal);
    o = o.slice(Math.max(0, history.length - latest));
    for (let layer = 1; layer <= layers; layer++) o = transformerBlock(o, weights, `block_${layer}`, causal);
    return Float64Array.from(o.slice(-globals).flatMap((row) => [...row]));
  });
  return mlp(concat(e, outputs), weights, "mlp", { batch });
}

const cases: [ModelShape, LongerOptions][] = [
  // One place, and pieces larger than the history.
  [{ fields: 2, places: 1, dim: 1, rows: 4 }, { width: 2, merge: 3, globals: 1, layers: 0 }],
  // Pieces that do not divide the places, fewer tokens kept than there are.
  [{ fields: 3, places: 7, dim: 3, rows: 9 }, { width: 4, merge: 2, globals: 2, latest: 2 }],
  // Tokens of one item each.
  [{ fields: 2, places: 4, dim: 2, rows: 5 }, { width: 2, merge: 1, globals: 3, layers: 2 }],
];
for (const [shape, sizes] of cases) {
  const options = { dim: shape.dim, heads: HEADS, hidden: [5], ...sizes };
  Deno.test(`longer with pieces of ${sizes.merge} equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(longer(options), shape, (weights, batch) => reference(weights, batch, shape.places!, options), {
      rtol: 5e-5,
    }));
}

Deno.test("longer refuses pieces without places", async () => {
  const device = await gpu();
  const schema = withHistory(schemaOf([3, 4]), 3);
  await assertRejects(
    () => Model.create(longer({ merge: 0 }), schema, { device }),
    RangeError,
    "a piece must have a positive number of places, received 0",
  );
});
