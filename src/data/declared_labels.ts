/**
 * The labels that a schema declares: one, several, or times.
 *
 * @module
 */
import { formatValue } from "./format.ts";
import { requireText } from "./schema_checks.ts";
import { type DeclaredSurvival, intervalNames, KEPT_OF_SURVIVAL, parseSurvival, survivalColumns } from "./survival.ts";

/**
 * Columns of the labels: one; several that are a task of the model each, of which a row may lack some; or how long
 * something lasted, where each interval is a task.
 */
export type DeclaredLabels =
  | { readonly label: string; readonly labels?: undefined; readonly survival?: undefined }
  | { readonly label?: undefined; readonly labels: readonly string[]; readonly survival?: undefined }
  | { readonly label?: undefined; readonly labels?: undefined; readonly survival: DeclaredSurvival };

/** Labels as they are declared, one kind of them. */
export interface SomeLabels {
  /** Column of the one label. */
  readonly label?: string | undefined;
  /** Columns of several labels. */
  readonly labels?: readonly string[] | undefined;
  /** Columns of times. */
  readonly survival?: DeclaredSurvival | undefined;
  /** Column of the rows' weights; that of times is declared with them. */
  readonly weight?: string | undefined;
}

/** Returns the columns of the labels of a schema, and then that of the rows' weights where there is one. */
export function labelColumns({ weight, ...labels }: SomeLabels): readonly string[] {
  if (labels.survival) return survivalColumns(labels.survival);
  return weight === undefined ? taskNames(labels) : [...taskNames(labels), weight];
}

/** Returns the names of a schema's tasks: the columns of its labels, or its intervals. */
export function taskNames({ label, labels, survival }: SomeLabels): readonly string[] {
  return survival ? intervalNames(survival) : labels ?? [label!];
}

/** Returns how many numbers a data set keeps of a row's labels: one for each task, its weight, and what times have more. */
export function labelCount(declared: SomeLabels): number {
  const { survival, weight } = declared;
  return taskNames(declared).length + (survival ? KEPT_OF_SURVIVAL.length : weight === undefined ? 0 : 1);
}

/**
 * Reads the labels of a schema from what `JSON.parse` returned.
 *
 * @throws {TypeError} when there are none or two kinds of them, or one is of the wrong type
 * @throws {RangeError} when times are declared with values out of their range
 */
export function parseLabels(json: Readonly<Record<string, unknown>>): DeclaredLabels {
  const { label, labels, survival, positive, negative } = json;
  const given = Object.entries({ label, labels, survival }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const names = given.map(([name]) => name);
    throw new TypeError(`Cannot read schema: it must have ${names.join(" or ")}, received both`);
  }
  if (survival !== undefined) return { survival: parseSurvival(survival) };
  if (labels === undefined) {
    requireText("it", "label", label);
    return { label: label as string };
  }
  if (!Array.isArray(labels) || labels.length < 2 || new Set(labels).size < labels.length) {
    throw new TypeError(
      `Cannot read schema: labels must be a list of at least two different columns, received ${formatValue(labels)}`,
    );
  }
  for (const column of labels) requireText("it", "labels", column);
  if (positive !== undefined && negative === undefined) {
    throw new TypeError("Cannot read schema: several labels with a positive text need negative, received none");
  }
  return { labels };
}

/**
 * Refuses a label that is to be a number and has classes as well.
 *
 * @throws {TypeError} then, or when it is unclear whether it is a number
 */
export function requireReal(real: unknown, { label, positive, threshold }: Readonly<Record<string, unknown>>): void {
  if (typeof real !== "boolean") {
    throw new TypeError(`Cannot read schema: real must be true or false, received ${formatValue(real)}`);
  }
  if (!real) return;
  if (label === undefined) throw new TypeError("Cannot read schema: real needs one label, received others");
  const classes = Object.entries({ positive, threshold }).find(([, value]) => value !== undefined);
  if (classes) {
    throw new TypeError(`Cannot read schema: a label is real or has classes, received both real and ${classes[0]}`);
  }
}
