/**
 * Finding what a misspelt word was meant to be.
 *
 * @module
 */

/** Returns the candidate that the fewest typing errors turn into `word`, if they are few. */
export function nearest<T extends string>(word: string, candidates: readonly T[]): T | undefined {
  const normal = word.toLowerCase().replaceAll("_", "-");
  let best: T | undefined;
  let least = Math.max(1, Math.floor(normal.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = countErrors(normal, candidate.toLowerCase().replaceAll("_", "-"));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Counts insertions, deletions, substitutions and swaps of neighbours between two words, each letter in at most one. */
function countErrors(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + Number(a[i - 1] !== b[j - 1]));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
