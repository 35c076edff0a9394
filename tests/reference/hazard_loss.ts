/** What a row says of the intervals between `ends`, by the definition: 1 in those survived, and in the one it ended in. */
export function intervalTargets(
  time: number,
  hasEnded: boolean,
  ends: readonly number[],
): { survived: number[]; failed: number[] } {
  const intervals = ends.length - 1;
  const survived: number[] = [];
  for (let k = 0; k < intervals; k++) {
    const middle = ends[k] + 0.5 * (ends[k + 1] - ends[k]);
    survived.push(Number(hasEnded ? time >= ends[k + 1] : time >= middle));
  }
  const failed = survived.map(() => 0);
  if (hasEnded && time < ends[intervals]) {
    let k = 0;
    while (time >= ends[k + 1]) k++;
    failed[k] = 1;
  }
  return { survived, failed };
}

/**
 * Weighted mean over rows of -sum_k u_k (survived ln(1 - h) + failed ln h) with h = sigmoid(z), in float64.
 *
 * @param logits `[B, K]`
 * @param targets what each row says of the intervals
 * @param weights `[B]`
 * @param factors u `[K]`, all 1 when absent
 */
export function hazardLoss(
  logits: ArrayLike<number>,
  targets: readonly { survived: readonly number[]; failed: readonly number[] }[],
  weights: ArrayLike<number>,
  factors?: ArrayLike<number>,
): number {
  let [sum, total] = [0, 0];
  targets.forEach(({ survived, failed }, b) => {
    total += weights[b];
    survived.forEach((_, k) => {
      const z = logits[b * survived.length + k];
      const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
      sum += weights[b] * (factors?.[k] ?? 1) * (survived[k] * softplus(z) + failed[k] * softplus(-z));
    });
  });
  return total > 0 ? sum / total : 0;
}
