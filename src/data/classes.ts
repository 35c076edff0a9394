/**
 * Checks of labels before they are learned from or measured against.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { headsOf, type SurvivalHead } from "./survival.ts";

/**
 * Refuses a data set whose labels were not read: they would count as 0.
 *
 * @param action what the data set is for, such as `train on the data`
 * @throws {TypeError} when it has no labels
 */
export function requireLabels(action: string, data: Dataset): void {
  if (data.labeled) return;
  throw new TypeError(
    `Cannot ${action}: it must have labels, received ${data.rows} rows without; read them with labeled true`,
  );
}

/**
 * Refuses a data set that there is nothing to learn from.
 *
 * @throws {TypeError} when it has no labels
 * @throws {RangeError} when it has no rows, all labels are the same, or none of the times is that of an end
 */
export function requireTwoClasses(action: string, data: Dataset): void {
  requireLabels(action, data);
  const lacking = describeOneClass(data);
  if (!lacking) return;
  if (data.schema.real) throw new RangeError(`Cannot ${action}: labels must differ, received ${lacking}`);
  const wanted = data.schema.survival ? "rows that ended within the intervals of each head" : "labels of both classes";
  throw new RangeError(`Cannot ${action}: it must have ${wanted}, received ${lacking}`);
}

/** Says which class a labeled data set, or one of its labels, consists of; nothing when all have both. */
export function describeOneClass(data: Dataset): string | undefined {
  if (data.rows === 0) return "no rows";
  const { tasks, labels, survival, real } = data.schema;
  if (real) return describeConstant(data);
  if (survival) return describeNoEnd(data, headsOf(survival));
  for (const [task, name] of tasks.entries()) {
    const { known, positives } = data.classesOf(task);
    if (positives > 0 && positives < known) continue;
    const label = `label ${labels ? `"${name}" ` : ""}`;
    if (known === 0) return `no ${label.trimEnd()}`;
    return `${known} ${known === 1 ? "row" : "rows"} with ${label}${positives > 0 ? 1 : 0}`;
  }
  return undefined;
}

/** Says which number all labels are, where they are numbers; nothing when they differ. */
function describeConstant({ labels, rows }: Dataset): string | undefined {
  for (let row = 1; row < rows; row++) if (labels[row] !== labels[0]) return undefined;
  return `${rows} ${rows === 1 ? "row" : "rows"} with label ${labels[0]}`;
}

/** Says which head no row of a data set ends within; nothing when some end within each. */
function describeNoEnd(data: Dataset, heads: readonly SurvivalHead[]): string | undefined {
  const hasEnds = ({ first, ends }: SurvivalHead): boolean =>
    ends.slice(1).some((_, k) => data.classesOf(first + k).positives > 0);
  const lacking = heads.find((head) => !hasEnds(head));
  return lacking && `${data.rows} ${data.rows === 1 ? "row" : "rows"} without an end for head "${lacking.name}"`;
}

/** Says what one class in the labels of a part, such as `validation`, keeps from being measured; nothing with both. */
export function warningOfOneClass(name: string, data: Dataset): string | undefined {
  if (data.schema.real) return undefined;
  const lacking = describeOneClass(data);
  if (lacking && data.schema.survival) {
    return `${name} has ${lacking}: its calibration cannot be measured`;
  }
  return lacking && `${name} has labels of one class, ${lacking}: its AUC cannot be measured`;
}
