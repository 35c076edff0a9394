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

/** Losses of labels between 0 and 1 by their logits, in float64. */
export const LABEL_LOSSES = {
  /** -(w y ln p + (1 - y) ln(1 - p)). */
  balanced: (positiveWeight: number) => (z: number, y: number): number =>
    positiveWeight * y * softplus(-z) + (1 - y) * softplus(z),
  /** (z - y)^2. */
  squared: (z: number, y: number): number => (z - y) ** 2,
  /** a (1 - p_t)^gamma of the cross-entropy, with p_t = p y + (1 - p)(1 - y). */
  focal: (gamma: number, alpha: number | null) => (z: number, y: number): number => {
    const [p, lacking] = [1 / (1 + Math.exp(-z)), 1 / (1 + Math.exp(z))];
    const share = alpha === null ? 1 : alpha * y + (1 - alpha) * (1 - y);
    return share * (p * (1 - y) + lacking * y) ** gamma * (y * softplus(-z) + (1 - y) * softplus(z));
  },
};

function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
