/** Float64 loops for the third-order factorization machine. */

/** y[b] = sum_d sum_{i<j<k} e[b, i, d] e[b, j, d] e[b, k, d]. */
export function thirdOrderReference(e: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const y = new Float64Array(e.length / (fields * dim));
  for (let b = 0; b < y.length; b++) {
    const at = (f: number, d: number): number => e[(b * fields + f) * dim + d];
    for (let d = 0; d < dim; d++) {
      for (let i = 0; i < fields; i++) {
        for (let j = i + 1; j < fields; j++) {
          for (let k = j + 1; k < fields; k++) y[b] += at(i, d) * at(j, d) * at(k, d);
        }
      }
    }
  }
  return y;
}
