/** Float64 loops along the field axis. */

/** Sizes of `[B, F, D]`. */
export interface Sizes {
  readonly fields: number;
  readonly dim: number;
}

/** y[b, f, d] = sum_i weight(f, i) x[b, i, d] for `rows` rows f. */
export function fieldWeights(
  x: ArrayLike<number>,
  { fields, dim }: Sizes,
  rows: number,
  weight: (f: number, i: number) => number,
): Float64Array {
  const batch = x.length / (fields * dim);
  const y = new Float64Array(batch * rows * dim);
  for (let b = 0; b < batch; b++) {
    for (let f = 0; f < rows; f++) {
      for (let i = 0; i < fields; i++) {
        for (let d = 0; d < dim; d++) y[(b * rows + f) * dim + d] += weight(f, i) * x[(b * fields + i) * dim + d];
      }
    }
  }
  return y;
}
