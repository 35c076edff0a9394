/** Transformers over the places of one row in float64. */
import { dense, layerNorm, map, type Matrix, plus, relu, type Weights } from "./nn.ts";

/** How places attend to each other. */
export interface Attention {
  readonly heads: number;
  /** Whether place i attends to place j. */
  readonly allows: (i: number, j: number) => boolean;
}

/** o_i = sum_j softmax(<q_i, k_j> / sqrt(d))_j v_j head by head, q, k and v being the columns of a row side by side. */
export function attend(qkv: Matrix, { heads, allows }: Attention): Matrix {
  const width = qkv[0].length / 3;
  const size = width / heads;
  return qkv.map((row, i) => {
    const seen = qkv.filter((_, j) => allows(i, j));
    return Float64Array.from({ length: width }, (_, column) => {
      const first = column - column % size;
      const scores = seen.map((other) => {
        let dot = 0;
        for (let d = first; d < first + size; d++) dot += row[d] * other[width + d];
        return Math.exp(dot / Math.sqrt(size));
      });
      const sum = scores.reduce((a, b) => a + b, 0);
      return seen.reduce((total, other, j) => total + scores[j] / sum * other[2 * width + column], 0);
    });
  });
}

/** Queries, keys and values from `name.qkv`, attention, and `name.out`; a place that sees none gets the bias alone. */
export function selfAttention(x: Matrix, weights: Weights, name: string, attention: Attention): Matrix {
  return dense(attend(dense(x, weights, `${name}.qkv`), attention), weights, `${name}.out`);
}

/** s = LN(x + attention(x)), y = LN(s + W_2 relu(W_1 s)). */
export function transformerBlock(x: Matrix, weights: Weights, name: string, attention: Attention): Matrix {
  const s = layerNorm(plus(x, selfAttention(x, weights, `${name}.attention`, attention)), weights, `${name}.ln1`);
  const out = dense(map(dense(s, weights, `${name}.ffn.0`), relu), weights, `${name}.ffn.1`);
  return layerNorm(plus(s, out), weights, `${name}.ln2`);
}
