/**
 * Sorting of row numbers by score.
 *
 * @module
 */

const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;

/**
 * Sorts row numbers by ascending value: `values[order[0]] <= values[order[1]] <= ...`; equal values keep their order.
 *
 * A radix sort over the bits of the float64 values, in time linear in their number. -0 counts as 0; NaN is not allowed.
 */
export function sortRows(values: Float64Array): Uint32Array<ArrayBuffer> {
  const length = values.length;
  const { low, high } = sortKeys(values);
  let order = new Uint32Array(length).map((_, i) => i);
  let spare = new Uint32Array(length);
  const starts = new Uint32Array(BUCKETS);

  for (const words of [low, high]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      starts.fill(0);
      for (let i = 0; i < length; i++) starts[(words[i] >>> shift) & (BUCKETS - 1)]++;
      // Scores widened from float32 have low words that are nearly all zero: most of their passes move nothing.
      if (length === 0 || starts[(words[0] >>> shift) & (BUCKETS - 1)] === length) continue;
      for (let bucket = 0, next = 0; bucket < BUCKETS; bucket++) {
        const count = starts[bucket];
        starts[bucket] = next;
        next += count;
      }
      for (let i = 0; i < length; i++) {
        const row = order[i];
        spare[starts[(words[row] >>> shift) & (BUCKETS - 1)]++] = row;
      }
      [order, spare] = [spare, order];
    }
  }
  return order;
}

/** Splits each value into two words whose unsigned order is the order of the values. */
function sortKeys(values: Float64Array): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const bits = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < values.length; i++) {
    bits.setFloat64(0, values[i] + 0);
    const upper = bits.getUint32(0);
    const lower = bits.getUint32(4);
    // Floats are stored as sign and magnitude: negative ones sort backwards until every bit is flipped.
    const negative = upper >>> 31 === 1;
    high[i] = negative ? ~upper : upper | 0x80000000;
    low[i] = negative ? ~lower : lower;
  }
  return { low, high };
}
