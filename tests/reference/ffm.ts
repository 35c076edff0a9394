/** Float64 loops for the field-aware factorization machine. */
import { eachPair } from "./pairs.ts";

/** y[b] = sum_{i<j} <v(i, j), v(j, i)>, v(i, j) being vector number j - 1 of field i for j > i, j for j < i. */
export function ffmReference(v: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const vectors = fields - 1;
  const y = new Float64Array(v.length / (fields * vectors * dim));
  for (let b = 0; b < y.length; b++) {
    eachPair(fields, (i, j) => {
      for (let d = 0; d < dim; d++) {
        const left = ((b * fields + i) * vectors + j - 1) * dim + d;
        const right = ((b * fields + j) * vectors + i) * dim + d;
        y[b] += v[left] * v[right];
      }
    });
  }
  return y;
}
