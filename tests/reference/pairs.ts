/** Float64 loops over pairs of fields i < j, in the order (0, 1), (0, 2), ..., (1, 2), ... */

/** Calls `visit` with each pair and its number. */
export function eachPair(fields: number, visit: (i: number, j: number, p: number) => void): void {
  let p = 0;
  for (let i = 0; i < fields; i++) for (let j = i + 1; j < fields; j++) visit(i, j, p++);
}

/** y[b, :] = sum_{i<j} e[b, i, :] e[b, j, :]. */
export function biInteractionReference(e: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const batch = e.length / (fields * dim);
  const y = new Float64Array(batch * dim);
  for (let b = 0; b < batch; b++) {
    eachPair(fields, (i, j) => {
      for (let d = 0; d < dim; d++) y[b * dim + d] += e[(b * fields + i) * dim + d] * e[(b * fields + j) * dim + d];
    });
  }
  return y;
}
