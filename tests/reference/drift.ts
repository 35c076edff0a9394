/** Float64 loops for drift: all that was served is kept, and counted anew for each question. */

/** PSI = sum_k (q_k - p_k) ln(q_k / p_k), with half a count more in each bin. */
export function stabilityReference(expected: readonly number[], counts: readonly number[]): number {
  const share = (all: readonly number[], k: number) =>
    (all[k] + 0.5) / all.map((count) => count + 0.5).reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, _, k) => {
    const [p, q] = [share(expected, k), share(counts, k)];
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

/** Counts of events `[time, bin]` whose part of the window is one of the last twelve. */
export function windowReference(
  events: readonly (readonly [time: number, bin: number])[],
  bins: number,
  windowMs: number,
  now: number,
): number[] {
  const partOf = (time: number) => Math.floor(time / (windowMs / 12));
  const counts = new Array<number>(bins).fill(0);
  for (const [time, bin] of events) if (partOf(time) > partOf(now) - 12) counts[bin]++;
  return counts;
}
