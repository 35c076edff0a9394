/** Float64 loops for gates of fields and for matrices of fields. */

/** y[b, f, :] = a_f e[b, f, :] with a = relu(relu(z W0) W1), z_f = mean_d e[b, f, d]. */
export function senetReference(
  e: ArrayLike<number>,
  w0: ArrayLike<number>,
  w1: ArrayLike<number>,
  [fields, dim, reduced]: readonly [number, number, number],
): Float64Array {
  const y = new Float64Array(e.length);
  for (let first = 0; first < e.length; first += fields * dim) {
    const z = new Float64Array(fields);
    for (let i = 0; i < fields * dim; i++) z[Math.floor(i / dim)] += e[first + i] / dim;
    const h = new Float64Array(reduced).map((_, r) =>
      Math.max(z.reduce((sum, v, f) => sum + v * w0[f * reduced + r], 0), 0)
    );
    const a = z.map((_, f) => Math.max(h.reduce((sum, v, r) => sum + v * w1[r * fields + f], 0), 0));
    for (let i = 0; i < fields * dim; i++) y[first + i] = a[Math.floor(i / dim)] * e[first + i];
  }
  return y;
}

/** y[b, f, :] = e[b, f, :] W_f. */
export function fieldMatrixReference(
  e: ArrayLike<number>,
  matrices: ArrayLike<number>,
  fields: number,
  dim: number,
): Float64Array {
  const y = new Float64Array(e.length);
  for (let i = 0; i < e.length; i++) {
    const row = Math.floor(i / dim);
    for (let c = 0; c < dim; c++) y[i] += e[row * dim + c] * matrices[((row % fields) * dim + c) * dim + i % dim];
  }
  return y;
}
