/** Means of the nearest rows, by sorting all of them. */

/**
 * Returns what stands in for a missing number of a row: the mean of column `target` over the k nearest rows that have it, by
 * the mean of squared differences in units of each column's deviation, over the columns that both rows have.
 */
export function nearestReference(
  training: readonly (readonly (number | null)[])[],
  row: readonly (number | null)[],
  target: number,
  k: number,
): number {
  const spreads = row.map((_, f) => {
    const present = training.map((other) => other[f]).filter((x) => x !== null);
    const mean = present.reduce((sum, x) => sum + x, 0) / present.length;
    return Math.sqrt(present.reduce((sum, x) => sum + (x - mean) ** 2, 0) / present.length) || 1;
  });
  const near = training.filter((other) => other[target] !== null).map((other) => {
    const shared = row.map((_, f) => f).filter((f) => f !== target && row[f] !== null && other[f] !== null);
    const squares = shared.map((f) => ((row[f]! - other[f]!) / spreads[f]) ** 2);
    return { value: other[target]!, distance: squares.reduce((sum, x) => sum + x, 0) / shared.length };
  }).filter(({ distance }) => !Number.isNaN(distance));
  near.sort((a, b) => a.distance - b.distance);
  const values = near.slice(0, k).map(({ value }) => value);
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
