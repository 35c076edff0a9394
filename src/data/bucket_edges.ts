/**
 * Edges between the buckets that numbers are cut into.
 *
 * @module
 */
import { formatValue } from "./format.ts";
import { fitEdges, measureRange } from "./scaling.ts";
import { requireCount } from "./schema_checks.ts";

/**
 * How numbers are cut into buckets, each with a row of its own.
 *
 * | `buckets` | buckets |
 * | --- | --- |
 * | `12` | at most 12 of about equally many training rows |
 * | `[18, 25, 40]` | below 18, from 18 to below 25, from 25 to below 40, from 40 on |
 * | `log` | one for each value of floor(ln(x)^2) from e on, and one for each whole number below e; negative ones mirrored |
 *
 * `log` is what winners of the Criteo display advertising challenge did with counts: 0, 1 and 2 stay what they are, and
 * buckets grow with the numbers, some 190 of them up to a million. Those without a training row are joined with the one
 * below.
 */
export type Buckets = number | readonly number[] | "log";

/**
 * Checks how numbers are cut into buckets.
 *
 * @throws {TypeError} when it is neither a count, nor a list, nor `log`
 * @throws {RangeError} when a count is not an integer of at least 2, or edges are not finite and ascending
 */
export function parseBuckets(owner: string, buckets: unknown): Buckets {
  if (buckets === "log") return buckets;
  if (!Array.isArray(buckets)) {
    requireCount(owner, "buckets", buckets, 2);
    return buckets as number;
  }
  if (buckets.length === 0 || !isAscending(buckets)) {
    throw new RangeError(
      `Cannot read schema: buckets of ${owner} must be ascending finite edges, received ${formatValue(buckets)}`,
    );
  }
  return [...buckets];
}

/** Whether a list holds finite numbers, each larger than the one before it. */
export function isAscending(edges: readonly unknown[]): edges is readonly number[] {
  return edges.every((edge, k) => Number.isFinite(edge) && (k === 0 || (edge as number) > (edges[k - 1] as number)));
}

/** Returns the ascending edges for numbers of the training rows, NaN where one is missing. */
export function edgesFor(buckets: Buckets, numbers: Float64Array): number[] {
  if (typeof buckets === "number") return fitEdges(buckets, numbers);
  return buckets === "log" ? logEdges(numbers) : [...buckets];
}

/** Returns the lower ends of the buckets that hold numbers, without that of the lowest. */
function logEdges(numbers: Float64Array): number[] {
  const range = measureRange(numbers);
  if (!range) return [];
  const codes = new Set<number>();
  for (const x of numbers) if (!Number.isNaN(x)) codes.add(codeOf(x));
  return [...codes].sort((a, b) => a - b).slice(1).map(lowerEnd);
}

/** The largest whole number with a bucket of its own; the square of ln(e), 1, comes next. */
const WHOLE = 2;

/** Numbers the buckets upwards: -2 to 2 for whole numbers between -e and e, beyond them the squares of logarithms. */
function codeOf(x: number): number {
  if (x >= Math.E) return WHOLE + squaredLog(x);
  return x <= -Math.E ? -(WHOLE + squaredLog(-x)) : Math.max(Math.floor(x), -WHOLE);
}

/** Returns floor(ln(x)^2) so that it agrees with {@linkcode lowerEnd}, whatever is rounded. */
function squaredLog(x: number): number {
  const k = Math.floor(Math.log(x) ** 2);
  if (x >= Math.exp(Math.sqrt(k + 1))) return k + 1;
  return x < Math.exp(Math.sqrt(k)) ? k - 1 : k;
}

/** Returns the least number of a bucket. */
function lowerEnd(code: number): number {
  if (code > WHOLE) return Math.exp(Math.sqrt(code - WHOLE));
  if (code > -WHOLE) return code;
  return -Math.exp(Math.sqrt(-code - WHOLE + 1));
}
