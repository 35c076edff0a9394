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
