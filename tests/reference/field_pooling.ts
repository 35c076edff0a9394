/** Pooling along the field axis in float64: `pick` chooses rows of a column. */
export function poolColumns(
  x: Float64Array,
  { rows, to, dim }: { rows: number; to: number; dim: number },
  pick: (column: number[]) => number[],
): Float64Array {
  const maps = x.length / (rows * dim);
  const y = new Float64Array(maps * to * dim);
  for (let map = 0; map < maps; map++) {
    for (let d = 0; d < dim; d++) {
      const column = Array.from({ length: rows }, (_, n) => x[(map * rows + n) * dim + d]);
      pick(column).forEach((value, m) => y[(map * to + m) * dim + d] = value);
    }
  }
  return y;
}

/** Largest of each window, padded in front by `before` rows. */
export function windows(column: number[], size: number, before: number): number[] {
  const padded = [...new Array(before).fill(-Infinity), ...column];
  const count = Math.ceil(column.length / size);
  return Array.from({ length: count }, (_, m) => Math.max(...padded.slice(m * size, (m + 1) * size)));
}

/** The largest numbers in order of their places. */
export function largest(column: number[], count: number): number[] {
  const order = column.map((value, n) => ({ value, n })).sort((a, b) => b.value - a.value || a.n - b.n);
  return order.slice(0, count).sort((a, b) => a.n - b.n).map(({ value }) => value);
}
