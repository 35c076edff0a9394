import { dcnv3, type Dcnv3Options } from "../../models/mod.ts";
import { crossMaskReference } from "../reference/cross_mask.ts";
import { type Batch, dense, embed, layerNorm, type Matrix, type Weights } from "../reference/nn.ts";
import { checkModel, crossEntropy } from "./check_model.ts";

const LAYERS = 2;

function network(e: Matrix, weights: Weights, name: string, dim: number): Matrix {
  let x = e;
  for (let l = 0; l < LAYERS; l++) {
    const layer = `${name}.${l}`;
    const c = dense(x, { [`${layer}.weight`]: weights[`${layer}.weight`] }, layer);
    const m = weights[`${layer}.ln.weight`] ? layerNorm(c, weights, `${layer}.ln`) : c;
    const first = name === "ecn" ? x : e;
    x = x.map((row, i) =>
      crossMaskReference({ x0: first[i], x: row, c: c[i], m: m[i], b: weights[`${layer}.bias`] }, dim)
    );
  }
  return x;
}

function logits(weights: Weights, batch: Batch, { dim = 0 }: Dcnv3Options): number[][] {
  const e = embed(batch.ids, weights.embedding, dim);
  return [["ecn", "top_deep"], ["lcn", "top_shallow"]].map(([name, top]) =>
    dense(network(e, weights, name, dim), weights, top).map(([y]) => y)
  );
}

function mean([a, b]: number[][]): number[] {
  return a.map((y, i) => (y + b[i]) / 2);
}

for (
  const shape of [{ fields: 3, dim: 4, rows: 37 }, { fields: 2, dim: 6, rows: 5 }, { fields: 1, dim: 6, rows: 260 }]
) {
  for (const layerNorm of [true, false]) {
    const options = { dim: shape.dim, deepLayers: LAYERS, shallowLayers: LAYERS, layerNorm };
    const label = `${layerNorm ? "with" : "without"} layer norm for ${JSON.stringify(shape)}`;
    Deno.test(`dcnv3 ${label} equals float64, with the losses of both networks`, () => {
      // How far the networks are behind the mean is a constant to the gradient: it is taken before anything moves.
      let gaps: number[] | undefined;
      const reference = (weights: Weights, batch: Batch): Matrix =>
        mean(logits(weights, batch, options)).map((y) => Float64Array.of(y));
      return checkModel(dcnv3(options), shape, reference, {
        rtol: 5e-5,
        loss: (weights, batch, labels) => {
          const both = logits(weights, batch, options);
          const [whole, ...parts] = [mean(both), ...both].map((y) => crossEntropy(y, labels));
          gaps ??= parts.map((part) => Math.max(part - whole, 0));
          return parts.reduce((sum, part, i) => sum + gaps![i] * part, whole);
        },
      });
    });
  }
}
