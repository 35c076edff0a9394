/**
 * Statistics of the past as numeric features: what earlier rows with the same value came to.
 *
 * @module
 */
import { numeric, type NumericFeature, type NumericOptions } from "../schema.ts";

/** Options of {@linkcode pastCount}. */
export interface PastCountOptions extends Pick<NumericOptions, "scale" | "buckets" | "clamp"> {
  /** Name of the field. @default {the columns with * between them, and "_count" or "_rate" behind them} */
  name?: string;
  /**
   * How far back the past reaches, in the unit of the schema's time, which it needs: that of its numbers, ms for dates.
   * @default {all of it}
   */
  window?: number;
}

/** Options of {@linkcode pastRate}. */
export interface PastRateOptions extends PastCountOptions {
  /** Rows at the prior rate that each value is taken to have had besides its own. @default {20} */
  smoothing?: number;
  /** Rate of a value without rows, from 0 to 1. @default {the rate of all earlier rows} */
  prior?: number;
  /** Which of several labels is meant. @default {the first} */
  label?: string;
}

/**
 * Declares a numeric feature: how many earlier rows had the same value, or the same combination of values.
 *
 * In the rows that the schema is fitted to, earlier means of a smaller time, or further up where the schema has no time. All
 * other rows, those to validate, to test and to serve, get the counts of all rows that it was fitted to.
 *
 * @param of column, or columns whose values are taken together
 * @throws {TypeError} when an option is unknown, of the wrong type, or does not go with another
 * @throws {RangeError} when a number is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readRows } from "../rows.ts";
 *
 * const clicks = ["a", "b", "a", "a"].map((user, row) => ({ y: row % 2, user }));
 * const schema = { label: "y", features: [pastCount("user", { scale: "none" })] };
 * assert.deepEqual([...readRows(clicks, schema).values!], [0, 0, 1, 2]);
 * ```
 */
export function pastCount(of: string | readonly string[], options: PastCountOptions = {}): NumericFeature {
  const { name, window, scale, ...others } = options;
  const columns = typeof of === "string" ? [of] : of;
  return numeric(name ?? `${columns.join("*")}_count`, {
    ...others,
    ...(options.buckets === undefined ? { scale: scale ?? "log" } : { scale }),
    from: { past: "count", of: columns, ...(window === undefined ? {} : { window }) },
  });
}

/**
 * Declares a numeric feature: the share of earlier rows with label 1 among those with the same value, or the same
 * combination of values, drawn to the prior where they are few.
 *
 *   rate = (c + smoothing prior) / (n + smoothing)
 *
 * where n earlier rows had the value and c of them label 1. Neither the row's own label nor those of rows at the same time
 * or later enter it. Rows are earlier as {@linkcode pastCount} says, and all but those that the schema is fitted to get
 * the rates of all of these. A row has no rate where its value is missing, or where nothing at all came earlier.
 *
 * @param of column, or columns whose values are taken together
 * @throws {TypeError} when an option is unknown, of the wrong type, or does not go with another
 * @throws {RangeError} when a number is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readRows } from "../rows.ts";
 *
 * const clicks = [1, 0, 1, 1].map((y) => ({ y, user: "a" }));
 * const rate = pastRate("user", { smoothing: 1, prior: 0.5, scale: "none" });
 * const data = readRows(clicks, { label: "y", features: [rate] });
 * assert.deepEqual([...data.values!], [0.5, 0.75, 0.5, 0.625]);
 * assert.equal(readRows([{ user: "a" }], data.schema).values![0], Math.fround(3.5 / 5));
 * ```
 */
export function pastRate(of: string | readonly string[], options: PastRateOptions = {}): NumericFeature {
  const { name, window, scale, smoothing, prior, label, ...others } = options;
  const columns = typeof of === "string" ? [of] : of;
  return numeric(name ?? `${columns.join("*")}_rate`, {
    ...others,
    ...(options.buckets === undefined ? { scale: scale ?? "standard" } : { scale }),
    from: {
      ...{ past: "rate", of: columns, smoothing },
      ...(prior === undefined ? {} : { prior }),
      ...(window === undefined ? {} : { window }),
      ...(label === undefined ? {} : { label }),
    },
  });
}
