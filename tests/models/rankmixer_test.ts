import { rankmixer } from "../../models/mod.ts";
import {
  concatenate,
  type Convert,
  inTurn,
  type NamedTensor,
  rename,
  transpose,
  transposeEach,
} from "../../src/interchange/state_dict/tensor.ts";
import { checkGolden } from "../golden.ts";
import { type Batch, concat, dense, embed, layerNorm, map, type Matrix, plus, type Weights } from "../reference/nn.ts";
import { gelu } from "../reference/pointwise.ts";
import { tokenMixing } from "../reference/token_mixing.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

/** The case's layers of tokens, one by one, as one layer with a weight for each. */
const stacked: Convert = (tensors) => {
  const [weights, biases] = ["weight", "bias"].map((kind) =>
    tensors.filter(({ name }) => name.startsWith("tok.") && name.endsWith(kind))
  );
  const stack = (name: string, parts: readonly NamedTensor[]): NamedTensor[] =>
    parts.length > 0 ? [concatenate(name, [parts.length, ...parts[0].shape], parts)] : [];
  const others = tensors.filter(({ name }) => !name.startsWith("tok."));
  return [...others, ...stack("tokens.weight", weights.map(transpose)), ...stack("tokens.bias", biases)];
};

/** The case counts layers, Weft's prefixes as soon as there is a second one. */
const layers: Convert = (tensors) =>
  tensors.map((tensor) => ({
    ...tensor,
    name: tensor.name.replace(
      /^(mix|ffn)\.(\d)/,
      (_, kind, layer) => `mixer${layer === "0" ? "" : `_${layer}`}.${kind}`,
    ),
  }));

const names = (): Convert =>
  inTurn(
    transposeEach(/^ffn\.\d\.w/),
    stacked,
    layers,
    rename(
      [/mix\.ln/, "ln1"],
      [/ffn\.ln/, "ln2"],
      [/ffn\.w1/, "ffn.0.weight"],
      [/ffn\.b1/, "ffn.0.bias"],
      [/ffn\.w2/, "ffn.1.weight"],
      [/ffn\.b2/, "ffn.1.bias"],
    ),
  );

Deno.test("rankmixer equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("rankmixer", rankmixer({ dim: 4, tokens: 4, width: 8, feedForward: 6 }), names));

function tokenDense(x: Matrix, weights: Weights, name: string, tokens: number): Matrix {
  const parts = Array.from({ length: tokens }, (_, t) => {
    const part = (all: Float64Array): Float64Array =>
      all.subarray(t * all.length / tokens, (t + 1) * all.length / tokens);
    const own = { "w.weight": part(weights[`${name}.weight`]), "w.bias": part(weights[`${name}.bias`]) };
    return dense(x.map(part), own, "w");
  });
  return concat(...parts);
}

function reference(weights: Weights, { ids }: Batch, { dim, tokens, width }: Record<string, number>): Matrix {
  const e = embed(ids, weights.embedding, dim);
  const pieces = e.map((row) => {
    const padded = new Float64Array(Math.ceil(row.length / tokens) * tokens);
    padded.set(row);
    return padded;
  });
  const sizes = { batch: 1, tokens, width: width / tokens };
  let h = tokenDense(pieces, weights, "tokens", tokens);
  for (const name of ["mixer", "mixer_1"]) {
    const s = layerNorm(h.map((row) => tokenMixing(row, sizes)), weights, `${name}.ln1`);
    const hidden = map(tokenDense(s, weights, `${name}.ffn.0`, tokens), gelu);
    h = layerNorm(plus(tokenDense(hidden, weights, `${name}.ffn.1`, tokens), s), weights, `${name}.ln2`);
  }
  const means = h.map((row) =>
    Float64Array.from(
      { length: width },
      (_, n) => row.filter((_, i) => i % width === n).reduce((a, b) => a + b) / tokens,
    )
  );
  return dense(means, weights, "top");
}

const shapes: [ModelShape, number, number][] = [
  [{ fields: 1, dim: 1, rows: 1 }, 2, 4],
  [{ fields: 3, dim: 3, rows: 9 }, 4, 8],
  [{ fields: 2, dim: 17, rows: 5 }, 3, 9],
];
for (const [shape, tokens, width] of shapes) {
  const sizes = { dim: shape.dim, tokens, width };
  Deno.test(`rankmixer with ${tokens} tokens equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(rankmixer({ ...sizes, feedForward: 5 }), shape, (weights, batch) => reference(weights, batch, sizes)));
}
