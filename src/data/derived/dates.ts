/**
 * Dates as categorical features: what hour, day or month it was.
 *
 * @module
 */
import { categorical, type CategoricalFeature } from "../schema.ts";
import { requireKeys } from "../schema_checks.ts";
import type { DatePart } from "./date_parts.ts";

/** Options of {@linkcode dateParts}. */
export interface DateOptions {
  /** Parts that each become a feature, `COLUMN_PART`. @default {["hour", "weekday"]} */
  parts?: readonly DatePart[];
  /**
   * How the column writes dates: `seconds` or `milliseconds` since 1970, a pattern of `yyyy` or `yy`, `MM`, `dd`, `HH`,
   * `mm`, `ss` and characters between them, or `auto` for seconds and dates such as `2014-10-21 01:00:00`.
   * @default {"auto"}
   */
  format?: string;
  /** Zone whose clocks count, such as `Europe/Berlin`. Texts that name no zone are in UTC. @default {"UTC"} */
  timeZone?: string;
}

/**
 * Declares a categorical feature for each part of the dates of a column.
 *
 * | part | values |
 * | --- | --- |
 * | `hour` | `0` to `23` |
 * | `weekday` | `monday` to `sunday` |
 * | `weekend` | `yes` on Saturday and Sunday, else `no` |
 * | `month` | `1` to `12` |
 * | `day` | `1` to `31`, the day of the month |
 *
 * @param column column of the file, which may be the time of the schema
 * @throws {TypeError} when an option is unknown or of the wrong type
 * @throws {RangeError} when there is no such part, pattern or time zone
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const features = dateParts("time", { parts: ["hour", "weekend"], timeZone: "Europe/Berlin" });
 * assert.deepEqual(features.map(({ name }) => name), ["time_hour", "time_weekend"]);
 * ```
 */
export function dateParts(column: string, options: DateOptions = {}): CategoricalFeature[] {
  const { parts = ["hour", "weekday"], ...form } = options;
  requireKeys(`dates of "${column}"`, options, ["parts", "format", "timeZone"]);
  return parts.map((part) => categorical(`${column}_${part}`, { from: { date: column, part, ...form } }));
}
