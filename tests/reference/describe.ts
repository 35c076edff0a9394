/** Reference of what a description says of a field, by loops over its rows. */

/** Label rate of each row's value over the rows of other folds, drawn to the rate of all as by ten rows. */
export function outOfFoldRates(
  values: readonly string[],
  labels: readonly number[],
  folds: readonly number[],
): number[] {
  const prior = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  return values.map((value, row) => {
    let [rows, positives] = [0, 0];
    for (let other = 0; other < values.length; other++) {
      if (values[other] !== value || folds[other] === folds[row]) continue;
      rows++;
      positives += labels[other];
    }
    return (positives + 10 * prior) / (rows + 10);
  });
}

/** Share of pairs of rows of both labels in one fold that the scores rank right; equal scores count half. */
export function pairAuc(scores: readonly number[], labels: readonly number[], folds: readonly number[]): number {
  let [right, pairs] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if (labels[i] !== 1 || labels[j] !== 0 || folds[i] !== folds[j]) continue;
      pairs++;
      right += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    }
  }
  return right / pairs;
}
