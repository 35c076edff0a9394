/**
 * Slices of rows by the values of a column.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import type { RowColumn } from "./further.ts";

/** Values of a column that are slices; of more, numbers are cut into ranges, and other values are put together. */
const MOST = 50;
/** Ranges that numbers are cut into. */
const RANGES = 10;

/** Metrics of a slice. A metric that its rows do not allow is NaN. */
export interface SliceEvaluation {
  /** Value or range of the column; `(missing)` for rows without one, `(N other values)` for those of few rows. */
  readonly value: string;
  /** Rows of the slice. */
  readonly rows: number;
  /** Those with label 1. */
  readonly positives: number;
  /** Area under the ROC curve. */
  readonly auc: number;
  /** Mean binary cross-entropy. */
  readonly logloss: number;
  /** Sum of probabilities over the number of positives. */
  readonly calibration: number;
  /** Expected calibration error over tenths of the slice's rows. */
  readonly ece: number;
  /** 95 % intervals by metric, where they were asked for. */
  readonly intervals?: Readonly<Record<string, Interval>>;
}

/** A slice of rows. */
export interface RowSlice {
  /** What the rows have in common. */
  readonly value: string;
  /** Row numbers, ascending. */
  readonly rows: readonly number[];
}

/**
 * Divides rows by the values of a column: numbers ascending, texts by falling number of rows. Texts that are all numbers are
 * numbers.
 */
export function sliceRows(column: RowColumn): RowSlice[] {
  const byValue = new Map<string | number, number[]>();
  const missing: number[] = [];
  for (let row = 0; row < column.length; row++) {
    const value = column[row];
    if (value === undefined || Number.isNaN(value)) {
      missing.push(row);
      continue;
    }
    const own = byValue.get(value);
    if (own) own.push(row);
    else byValue.set(value, [row]);
  }
  const known = [...byValue].map(([value, rows]) => ({ value: String(value), rows }));
  const areNumbers = known.every(({ value }) => value.trim() !== "" && Number.isFinite(Number(value)));
  const slices = areNumbers ? sliceNumbers(known) : sliceTexts(known);
  return [...slices, ...(missing.length > 0 ? [{ value: "(missing)", rows: missing }] : [])];
}

function sliceNumbers(known: readonly RowSlice[]): RowSlice[] {
  const sorted = known.toSorted((a, b) => Number(a.value) - Number(b.value));
  if (sorted.length <= MOST) return sorted;
  const all = sorted.reduce((sum, { rows }) => sum + rows.length, 0);
  const ranges: RowSlice[][] = Array.from({ length: RANGES }, () => []);
  let before = 0;
  for (const slice of sorted) {
    // A value is where the middle of its rows is, so that equal numbers stay together.
    ranges[Math.min(RANGES - 1, Math.floor((before + slice.rows.length / 2) * RANGES / all))].push(slice);
    before += slice.rows.length;
  }
  return ranges.filter((range) => range.length > 0).map((range) => {
    const [least, most] = [range[0].value, range[range.length - 1].value];
    return { value: least === most ? least : `${least} .. ${most}`, rows: together(range) };
  });
}

function sliceTexts(known: readonly RowSlice[]): RowSlice[] {
  const sorted = known.toSorted((a, b) => b.rows.length - a.rows.length || (a.value < b.value ? -1 : 1));
  if (sorted.length <= MOST) return sorted;
  const others = sorted.slice(MOST);
  return [...sorted.slice(0, MOST), { value: `(${others.length} other values)`, rows: together(others) }];
}

function together(slices: readonly RowSlice[]): number[] {
  return slices.flatMap(({ rows }) => rows).sort((a, b) => a - b);
}
