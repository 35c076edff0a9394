/**
 * Columns of a data set that its rows are grouped and sliced by in an evaluation.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedField } from "../data/fitted_schema.ts";
import { nameKeptNames, nameKeptText } from "../data/kept_names.ts";
import { firstValueRow, MISSING, OUT_OF_VOCABULARY } from "../data/vocabulary.ts";
import type { EvaluationOptions, RowColumn } from "../metrics.ts";
import type { PredictOptions } from "./options.ts";

/** Options of {@linkcode Model.evaluate}. */
export interface EvaluateOptions extends PredictOptions, Omit<EvaluationOptions, "group" | "by"> {
  /**
   * What groups the rows for metrics of groups: a value for each row, or the name of a field, of which rows with unseen and
   * missing values have no group.
   */
  group?: string | RowColumn;
  /** What slices the rows: names of fields, or columns by name with a value for each row. */
  by?: string | readonly string[] | Readonly<Record<string, RowColumn>>;
}

/**
 * Replaces the fields that options name by their values.
 *
 * @throws {RangeError} when there is no such field
 */
export function evaluationOf(data: Dataset, { group, by, ...options }: EvaluateOptions): EvaluationOptions {
  const names = typeof by === "string" ? [by] : by;
  const columns = isNames(names) ? Object.fromEntries(names.map((name) => [name, sliceColumn(data, name)])) : names;
  return {
    metrics: options.metrics,
    k: options.k,
    intervals: options.intervals,
    seed: options.seed,
    ...(group !== undefined && { group: typeof group === "string" ? groupColumn(data, group) : group }),
    ...(columns && { by: columns }),
  };
}

function isNames(by: EvaluateOptions["by"]): by is readonly string[] {
  return Array.isArray(by);
}

/**
 * Returns the rows of a field's values, which tell groups apart; nothing for unseen and missing values.
 *
 * @throws {RangeError} when there is no such field of names or buckets
 */
export function groupColumn(data: Dataset, name: string): RowColumn {
  const [field, f] = find(data, name, (field) => field.kind !== "numeric");
  const first = field.offset + firstValueRow(field.missing);
  return Array.from(data.ids.subarray(f * data.rows, (f + 1) * data.rows), (id) => id < first ? undefined : id);
}

/** Returns what a field holds in each row: a name, the range of a bucket, a number. */
function sliceColumn(data: Dataset, name: string): RowColumn {
  const [field, f] = find(data, name, () => true);
  const ids = data.ids.subarray(f * data.rows, (f + 1) * data.rows);
  if (field.kind === "numeric") {
    const { scale, center, spread } = field.scaling!;
    const restore = (x: number): number => scale === "log" ? Math.sign(x) * Math.expm1(Math.abs(x)) : x;
    const values = data.values!.subarray(f * data.rows, (f + 1) * data.rows);
    return Array.from(
      values,
      (value, row) => ids[row] === field.offset ? Number(restore(value * spread + center).toPrecision(6)) : undefined,
    );
  }
  const names = namesOf(field);
  return Array.from(ids, (id) => names[id - field.offset]);
}

/** Names the rows of a field; nothing stands for missing values. */
function namesOf({ kind, missing, rows, vocabulary = [], edges = [] }: FittedField): (string | undefined)[] {
  const first = firstValueRow(missing);
  return Array.from({ length: rows }, (_, row) => {
    if (row === OUT_OF_VOCABULARY) return "(unseen)";
    if (row < first) return row === MISSING ? undefined : "(unseen)";
    const place = row - first;
    if (kind === "categorical") return vocabulary[place];
    if (edges.length === 0) return "all";
    if (place === 0) return `below ${edges[0]}`;
    return place === edges.length ? `from ${edges[place - 1]}` : `${edges[place - 1]} to ${edges[place]}`;
  });
}

function find(data: Dataset, name: string, isMeant: (field: FittedField) => boolean): [FittedField, number] {
  const { fields } = data.schema;
  // Kept texts tell rare names apart, which the field itself may not.
  for (const candidate of [nameKeptNames(name), nameKeptText(name), name]) {
    const f = fields.findIndex((field) => field.name === candidate && isMeant(field));
    if (f >= 0) return [fields[f], f];
  }
  const known = fields.filter((field) => isMeant(field) && !field.name.startsWith("\0"));
  throw new RangeError(
    `Cannot evaluate: rows are grouped and sliced by fields (${known.map((field) => `"${field.name}"`).join(", ")}) ` +
      `or by columns that are given, received "${name}"`,
  );
}
