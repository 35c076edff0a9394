/** Mean binary cross-entropy of the first `rows` rows, in float64. */
export function binaryCrossEntropy(logits: ArrayLike<number>, labels: ArrayLike<number>, rows: number): number {
  let sum = 0;
  for (let b = 0; b < rows; b++) {
    const z = logits[b];
    sum += Math.max(z, 0) - z * labels[b] + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum / rows;
}

/** Gradient of {@linkcode binaryCrossEntropy} by the logits; 0 for rows past `rows`. */
export function crossEntropyGradient(logits: ArrayLike<number>, labels: ArrayLike<number>, rows: number): number[] {
  return Array.from(logits, (z, b) => b < rows ? (1 / (1 + Math.exp(-z)) - labels[b]) / rows : 0);
}

/** Weighted mean cross-entropies of tasks, one array of logits and labels each; labels below 0 are unknown. */
export function taskLosses(
  logits: readonly ArrayLike<number>[],
  labels: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
): number[] {
  return logits.map((column, task) => {
    let [sum, known] = [0, 0];
    for (let b = 0; b < column.length; b++) {
      const [z, y] = [column[b], labels[task][b]];
      if (y < 0) continue;
      known += weights[b];
      sum += weights[b] * (Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z))));
    }
    return known > 0 ? sum / known : 0;
  });
}
