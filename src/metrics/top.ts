/**
 * Metrics of one ranking with ties, each the exact mean over all orders of rows of equal scores.
 *
 * @module
 */

/** Rows of equal scores. */
export interface TiedRun {
  /** Number of rows. */
  readonly rows: number;
  /** How many of them are relevant. */
  readonly relevant: number;
  /** Sum of their gains. */
  readonly gain: number;
}

/** A ranking, the highest score first. */
export interface RankedList {
  /** Runs of rows of equal scores. */
  readonly runs: readonly TiedRun[];
  /** Relevant rows in all of them. */
  readonly relevant: number;
}

/**
 * Computes a metric of the first k rows.
 *
 * @param ideal gains of the rows, the highest first; nDCG asks for it
 * @returns NaN for a ranking without a relevant row, or nDCG of one without gain
 */
export function metricAtTop(
  metric: "mrr" | "ndcg" | "map" | "hitRate" | "precision" | "recall",
  list: RankedList,
  k: number,
  ideal: Float64Array | undefined,
): number {
  if (metric === "ndcg") return discounted(list, k) / bestDiscounted(ideal!, k);
  if (list.relevant === 0) return NaN;
  switch (metric) {
    case "mrr":
      return reciprocalRank(list);
    case "map":
      return averagePrecisionAt(list, k);
    case "hitRate":
      return hitAt(list, k);
    case "precision":
      return relevantAt(list, k) / k;
    case "recall":
      return relevantAt(list, k) / list.relevant;
  }
}

/** Each place of a run has the run's mean gain. */
function discounted({ runs }: RankedList, k: number): number {
  let [sum, before] = [0, 0];
  for (const { rows, gain } of runs) {
    if (before >= k) break;
    let discounts = 0;
    for (let place = before + 1; place <= Math.min(before + rows, k); place++) discounts += 1 / Math.log2(1 + place);
    sum += gain / rows * discounts;
    before += rows;
  }
  return sum;
}

function bestDiscounted(ideal: Float64Array, k: number): number {
  let sum = 0;
  for (let place = 1; place <= Math.min(ideal.length, k); place++) sum += ideal[place - 1] / Math.log2(1 + place);
  return sum;
}

function relevantAt({ runs }: RankedList, k: number): number {
  let [sum, before] = [0, 0];
  for (const { rows, relevant } of runs) {
    if (before >= k) break;
    sum += relevant * Math.min(1, (k - before) / rows);
    before += rows;
  }
  return sum;
}

/** One minus the chance that no relevant row of a run is among those of its places that count. */
function hitAt({ runs }: RankedList, k: number): number {
  let before = 0;
  for (const { rows, relevant } of runs) {
    const places = Math.min(rows, k - before);
    if (places <= 0) return 0;
    if (relevant > 0) {
      let missed = 1;
      for (let i = 0; i < places; i++) missed *= Math.max(0, rows - relevant - i) / (rows - i);
      return 1 - missed;
    }
    before += rows;
  }
  return 0;
}

/** Sums 1 / place over the places that the first relevant row of its run can have, by their chances. */
function reciprocalRank({ runs }: RankedList): number {
  let before = 0;
  for (const { rows, relevant } of runs) {
    if (relevant > 0) {
      let [sum, none] = [0, 1];
      for (let j = 0; j <= rows - relevant; j++) {
        const chance = relevant / (rows - j);
        sum += none * chance / (before + j + 1);
        none *= 1 - chance;
      }
      return sum;
    }
    before += rows;
  }
  return 0;
}

/** In a run, a place is relevant with the chance r / n, and each place before it then with (r - 1) / (n - 1). */
function averagePrecisionAt({ runs, relevant: all }: RankedList, k: number): number {
  let [sum, before, found] = [0, 0, 0];
  for (const { rows, relevant } of runs) {
    if (before >= k) break;
    const others = rows > 1 ? (relevant - 1) / (rows - 1) : 0;
    for (let j = 0; relevant > 0 && j < Math.min(rows, k - before); j++) {
      sum += relevant / rows * (found + 1 + j * others) / (before + j + 1);
    }
    before += rows;
    found += relevant;
  }
  return sum / Math.min(all, k);
}
