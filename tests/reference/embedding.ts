/** Float64 loops for lookups, first-order sums and the gradient of a table. */

/** A lookup of `[F, B]` rows; values are all 1 when absent. */
export interface LookupNumbers {
  ids: ArrayLike<number>;
  values?: ArrayLike<number>;
  fields: number;
  batch: number;
}

/** e[b, f, :] = v[f, b] table[ids[f, b], :], rows past the table being zero. */
export function embeddingReference(
  { ids, values, fields, batch }: LookupNumbers,
  table: ArrayLike<number>,
  dim: number,
): Float64Array {
  const e = new Float64Array(batch * fields * dim);
  for (let b = 0; b < batch; b++) {
    for (let f = 0; f < fields; f++) {
      const o = f * batch + b;
      for (let d = 0; d < dim; d++) {
        e[(b * fields + f) * dim + d] = (values?.[o] ?? 1) * (table[ids[o] * dim + d] ?? 0);
      }
    }
  }
  return e;
}

/** y[b] = sum_f v[f, b] table[ids[f, b]]. */
export function linearSumReference(lookup: LookupNumbers, table: ArrayLike<number>): Float64Array {
  const e = embeddingReference(lookup, table, 1);
  return Float64Array.from(
    { length: lookup.batch },
    (_, b) => e.subarray(b * lookup.fields, (b + 1) * lookup.fields).reduce((sum, x) => sum + x, 0),
  );
}

/** Numbers of a gradient of a table, as TableGradient states it. */
export interface TableGradientNumbers extends LookupNumbers {
  dEmbedding?: ArrayLike<number>;
  dLinear?: ArrayLike<number>;
  dFm?: ArrayLike<number>;
  fmSum?: ArrayLike<number>;
}

/** dTable[row, :] = sum over the row's occurrences of v dEmbedding + v dLinear + v dFm (fmSum - v row). */
export function tableGradientReference(
  gradient: TableGradientNumbers,
  table: ArrayLike<number>,
  dim: number,
): Float64Array {
  const { ids, values, fields, batch, dEmbedding, dLinear, dFm, fmSum } = gradient;
  const dTable = new Float64Array(table.length);
  for (let f = 0; f < fields; f++) {
    for (let b = 0; b < batch; b++) {
      const o = f * batch + b;
      const v = values?.[o] ?? 1;
      for (let d = 0; d < dim; d++) {
        const at = ids[o] * dim + d;
        if (dEmbedding) dTable[at] += v * dEmbedding[(b * fields + f) * dim + d];
        if (dLinear) dTable[at] += v * dLinear[b];
        if (dFm && fmSum) dTable[at] += v * dFm[b] * (fmSum[b * dim + d] - v * table[at]);
      }
    }
  }
  return dTable;
}
