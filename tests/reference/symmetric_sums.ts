/** Float64 loops for elementary symmetric sums. */

/** y[b, k - 1, d] = sum_{i_1 < ... < i_k} e[b, i_1, d] ... e[b, i_k, d], by going through all sets of fields. */
export function symmetricSumsReference(e: Float64Array, fields: number, dim: number, order: number): Float64Array {
  const y = new Float64Array(e.length / fields * order);
  for (let b = 0; b < e.length / (fields * dim); b++) {
    for (let d = 0; d < dim; d++) {
      for (let set = 1; set < 2 ** fields; set++) {
        const members = Array.from({ length: fields }, (_, f) => f).filter((f) => set >> f & 1);
        if (members.length > order) continue;
        const product = members.reduce((sum, f) => sum * e[(b * fields + f) * dim + d], 1);
        y[(b * order + members.length - 1) * dim + d] += product;
      }
    }
  }
  return y;
}
