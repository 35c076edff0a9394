/**
 * Rows and values of numbers in the flat row space.
 *
 * @module
 */
import type { FieldFit, FittedField } from "./field_fit.ts";
import { applyScale, findBucket, type FittedScale } from "./scaling.ts";
import { firstValueRow, MISSING, OUT_OF_VOCABULARY } from "./vocabulary.ts";

/** Scales a number, and moves it into the range of the training data first where the feature says so. */
export function scaleNumber({ feature, scaling, range }: FieldFit, x: number): number {
  const clamped = range && feature.kind === "numeric" && feature.clamp ? Math.min(Math.max(x, range[0]), range[1]) : x;
  return applyScale(scaling as FittedScale, clamped);
}

/** Whole numbers below this are counts as a rule, which recur: each is scaled once. */
const COUNTS = 1 << 12;

/** Writes the rows of the buckets of numbers, NaN standing for a missing one. */
export function writeBuckets(
  numbers: Float64Array,
  { offset, missing, edges = [] }: FittedField,
  ids: Uint32Array,
  values: Float32Array | undefined,
  start: number,
): void {
  const first = offset + firstValueRow(missing);
  const absent = offset + (missing ? MISSING : OUT_OF_VOCABULARY);
  numbers.forEach((x, row) => ids[start + row] = Number.isNaN(x) ? absent : first + findBucket(edges, x));
  values?.fill(1, start, start + numbers.length);
}

/**
 * Writes the row of a numeric field and the scaled number, NaN standing for a missing one.
 *
 * @throws {RangeError} when float32 does not hold a scaled number
 */
export function writeScaled(
  numbers: Float64Array,
  field: FittedField,
  ids: Uint32Array,
  values: Float32Array,
  start: number,
): void {
  const { name, offset, missing } = field;
  const known = new Float32Array(numbers.length < COUNTS ? 0 : COUNTS).fill(NaN);
  ids.fill(offset, start, start + numbers.length);
  for (let row = 0; row < numbers.length; row++) {
    const x = numbers[row];
    if (Number.isNaN(x)) {
      if (missing) ids[start + row] = offset + MISSING;
      values[start + row] = Number(missing);
      continue;
    }
    const count = Math.trunc(x);
    // Of the two zeros one may be scaled to the other's negative.
    const isCount = count === x && count < known.length && (count > 0 || Object.is(x, 0));
    let value = isCount ? known[count] : NaN;
    if (Number.isNaN(value)) {
      value = scaleNumber(field, x);
      if (!Number.isFinite(Math.fround(value))) {
        throw new RangeError(`Cannot scale "${name}": scaled number must fit in float32, received ${value} for ${x}`);
      }
      if (isCount) known[count] = value;
    }
    values[start + row] = value;
  }
}
