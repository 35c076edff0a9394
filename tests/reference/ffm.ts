/** Float64 loops for the field-aware factorization machine. */
import { eachPair } from "./pairs.ts";

/** y[b, p] = <v(i, j), v(j, i)>, v(i, j) being vector number j - 1 of field i for j > i, j for j < i. */
export function ffmProductsReference(v: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const vectors = fields - 1;
  const pairs = fields * vectors / 2;
  const y = new Float64Array(v.length / (fields * vectors * dim) * pairs);
  for (let b = 0; b < y.length / pairs; b++) {
    let pair = b * pairs;
    eachPair(fields, (i, j) => {
      for (let d = 0; d < dim; d++) {
        const left = ((b * fields + i) * vectors + j - 1) * dim + d;
        const right = ((b * fields + j) * vectors + i) * dim + d;
        y[pair] += v[left] * v[right];
      }
      pair++;
    });
  }
  return y;
}

/** y[b] = sum_{i<j} <v(i, j), v(j, i)>. */
export function ffmReference(v: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const products = ffmProductsReference(v, fields, dim);
  const pairs = fields * (fields - 1) / 2;
  return Float64Array.from(
    { length: products.length / pairs },
    (_, b) => products.subarray(b * pairs, (b + 1) * pairs).reduce((sum, product) => sum + product, 0),
  );
}
