/** A row that statistics of the past are made of; `value` is undefined where it is missing, `label` -1 where unknown. */
export interface PastRow {
  readonly value: string | undefined;
  readonly label: number;
  readonly time: number;
}

/** How statistics are made, with a time from which on the past counts. */
export interface PastRule {
  readonly past: "rate" | "count";
  readonly smoothing?: number;
  readonly prior?: number;
  readonly window?: number;
}

/** Computes a statistic of the rows that a test lets through, by going over all of them. */
export function naiveStatistic(
  rows: readonly PastRow[],
  value: string | undefined,
  counts: (row: PastRow) => boolean,
  { past, smoothing = 0, prior }: PastRule,
): number {
  if (value === undefined) return NaN;
  let [n, c, all, clicks] = [0, 0, 0, 0];
  for (const row of rows) {
    if (!counts(row) || (past === "rate" && row.label < 0)) continue;
    all++;
    clicks += row.label;
    if (row.value !== value) continue;
    n++;
    c += row.label;
  }
  return past === "count" ? n : (c + smoothing * (prior ?? clicks / all)) / (n + smoothing);
}

/** For each row, the statistic of the rows of a smaller time within the window. */
export function naiveStatistics(rows: readonly PastRow[], rule: PastRule): number[] {
  const { window = Infinity } = rule;
  return rows.map(({ value, time }) =>
    naiveStatistic(rows, value, (other) => other.time < time && other.time >= time - window, rule)
  );
}

/** The statistic of a value as of the end of the rows. */
export function naiveEnd(rows: readonly PastRow[], value: string | undefined, rule: PastRule): number {
  const last = Math.max(...rows.map(({ time }) => time));
  return naiveStatistic(rows, value, ({ time }) => time >= last - (rule.window ?? Infinity), rule);
}
