/** Float64 loops for the second-order factorization machine. */

/** sum[b, :] = sum_f e[b, f, :]. */
export function fieldSumReference(e: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const sum = new Float64Array(e.length / fields);
  for (let i = 0; i < e.length; i++) {
    const b = Math.floor(i / (fields * dim));
    sum[b * dim + i % dim] += e[i];
  }
  return sum;
}

/** y[b] = sum_d sum_{f < g} e[b, f, d] e[b, g, d]. */
export function fmReference(e: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const y = new Float64Array(e.length / (fields * dim));
  for (let b = 0; b < y.length; b++) {
    for (let f = 0; f < fields; f++) {
      for (let g = f + 1; g < fields; g++) {
        for (let d = 0; d < dim; d++) y[b] += e[(b * fields + f) * dim + d] * e[(b * fields + g) * dim + d];
      }
    }
  }
  return y;
}
