/**
 * AUC within groups of rows.
 *
 * @module
 */
import { type GroupColumn, groupRows, type RowGroups, sortWithinGroups } from "./by_group.ts";
import { checkScores, type Rows } from "./rows.ts";

/** AUC of the groups whose rows are of both classes, and its means. */
export interface GroupedAuc {
  /** Mean AUC, groups counting by the weight of their rows: GAUC of Deep Interest Network. NaN without any group. */
  readonly byImpressions: number;
  /** Mean AUC, groups counting by the weight of their positive rows. */
  readonly byPositives: number;
  /** Mean AUC, all groups counting alike. */
  readonly mean: number;
  /** Groups that were counted. */
  readonly groups: number;
  /** Groups that were left out, because all their rows that have weight are of one class. */
  readonly oneClass: number;
}

/**
 * Computes the AUC within each group, such as a user, and its means. A model gains nothing by telling groups apart, only
 * by ordering the rows of a group: what a ranking shows. Groups of one class have no AUC; they are left out and counted.
 *
 * `byImpressions = sum_g n_g auc_g / sum_g n_g` (Zhou et al.: Deep Interest Network, KDD 2018), where n_g is the weight
 * of the group's rows; `byPositives` takes that of its positive rows, and `mean` 1.
 *
 * @param scores logits or probabilities; only their order within a group matters
 * @param labels 0 or 1
 * @param groups value of each row that tells its group
 * @param weights weight of each row, 1 when absent; a pair counts `w_positive * w_negative`
 * @throws {TypeError} when the lengths differ
 * @throws {RangeError} when a score is NaN, or a label is neither 0 nor 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const labels = [0, 1, 1, 0, 0, 1];
 * const { byImpressions, mean, oneClass } = groupedAuc([0.1, 0.2, 0.8, 0.9, 0.3, 0.5], labels, ["a", "a", "b", "b", "b", "c"]);
 * assert.deepEqual([byImpressions, mean, oneClass], [(2 * 1 + 3 * 0.5) / 5, 0.75, 1]);
 * ```
 */
export function groupedAuc(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: GroupColumn,
  weights?: ArrayLike<number>,
): GroupedAuc {
  const rows = checkScores("grouped auc", scores, labels, weights);
  return meanOfGroups(aucByGroup(rows, groupRows("grouped auc", groups, rows.values.length)));
}

/** AUC by group. */
export interface AucByGroup {
  /** AUC of each group; NaN for those of one class. */
  readonly auc: Float64Array;
  /** Weight of the rows of each group. */
  readonly impressions: Float64Array;
  /** Weight of its positive rows. */
  readonly positives: Float64Array;
}

/** Computes the AUC of each group. */
export function aucByGroup({ values, labels, weights }: Rows, groups: RowGroups): AucByGroup {
  const { rows, starts } = sortWithinGroups(values, groups);
  const count = groups.sizes.length;
  const [auc, impressions, positives] = [0, 1, 2].map(() => new Float64Array(count));
  for (let group = 0; group < count; group++) {
    let [negativesBelow, positiveWeight, right] = [0, 0, 0];
    for (let start = starts[group], end = start; start < starts[group + 1]; start = end) {
      let [tiedPositives, tiedNegatives] = [0, 0];
      for (; end < starts[group + 1] && values[rows[end]] === values[rows[start]]; end++) {
        const row = rows[end];
        if (labels[row] === 1) tiedPositives += weights[row];
        else tiedNegatives += weights[row];
      }
      right += tiedPositives * (negativesBelow + tiedNegatives / 2);
      negativesBelow += tiedNegatives;
      positiveWeight += tiedPositives;
    }
    auc[group] = right / (positiveWeight * negativesBelow);
    impressions[group] = positiveWeight + negativesBelow;
    positives[group] = positiveWeight;
  }
  return { auc, impressions, positives };
}

/**
 * Computes the means of {@linkcode groupedAuc}.
 *
 * @param times how often each group counts, 1 when absent
 */
export function meanOfGroups({ auc, impressions, positives }: AucByGroup, times?: ArrayLike<number>): GroupedAuc {
  let [groups, oneClass] = [0, 0];
  let [bySize, size, byPositive, positive, plain, count] = [0, 0, 0, 0, 0, 0];
  for (let group = 0; group < auc.length; group++) {
    const n = times ? times[group] : 1;
    if (n === 0) continue;
    // 0 / 0 for a group of one class, and for one without weight.
    if (Number.isNaN(auc[group])) {
      oneClass++;
      continue;
    }
    groups++;
    bySize += n * impressions[group] * auc[group];
    size += n * impressions[group];
    byPositive += n * positives[group] * auc[group];
    positive += n * positives[group];
    plain += n * auc[group];
    count += n;
  }
  return { byImpressions: bySize / size, byPositives: byPositive / positive, mean: plain / count, groups, oneClass };
}
