/** Float64 loops for attention over the element products of pairs of fields. */
import { eachPair } from "./pairs.ts";

/** Weights of the attention network, and what multiplies the attention weight of pair p of sample b. */
export interface AfmWeights {
  w: ArrayLike<number>;
  c: ArrayLike<number>;
  h: ArrayLike<number>;
  mask?: (index: number) => number;
}

/** v[b, :] = sum_p mask a_p x_p with x_p = e_i * e_j, a = softmax_p(sum_a h_a relu(<w_a, x_p> + c_a)). */
export function afmReference(
  e: ArrayLike<number>,
  { w, c, h, mask = () => 1 }: AfmWeights,
  fields: number,
  dim: number,
): Float64Array {
  const hidden = h.length;
  const pairs = fields * (fields - 1) / 2;
  const v = new Float64Array(e.length / fields);
  for (let b = 0; b < v.length / dim; b++) {
    const products: number[][] = [];
    eachPair(fields, (i, j) => {
      const row = (f: number, d: number): number => e[(b * fields + f) * dim + d];
      products.push(Array.from({ length: dim }, (_, d) => row(i, d) * row(j, d)));
    });
    const scores = products.map((x) => {
      let score = 0;
      for (let a = 0; a < hidden; a++) {
        score += h[a] * Math.max(x.reduce((sum, value, d) => sum + value * w[d * hidden + a], c[a]), 0);
      }
      return score;
    });
    const top = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - top));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    products.forEach((x, p) =>
      x.forEach((value, d) => v[b * dim + d] += weights[p] / sum * mask(b * pairs + p) * value)
    );
  }
  return v;
}
