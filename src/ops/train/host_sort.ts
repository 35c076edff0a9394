/**
 * The order of occurrences by row, on the host: the same bits as the device's sort.
 *
 * @module
 */

/** Row of occurrences that stand for nothing: padding of a partial batch, and rows that the table lacks. */
const NO_ROW = 0xffffffff;

/** Bits of a digit at most; 4,096 counters still fit the first-level cache. */
const DIGIT_BITS = 12;

/** What is sorted; occurrence (f, b) has the row `ids[f * batch + b]` if `b < rows`. */
interface Occurrences {
  readonly ids: Uint32Array;
  readonly fields: number;
  readonly batch: number;
  readonly rows: number;
  readonly rowCount: number;
}

/** Returns the bits of the keys 0 to `rowCount`, the last of which is that of padding. */
export function keyBits(rowCount: number): number {
  return Math.max(1, 32 - Math.clz32(rowCount));
}

/**
 * Sorts the occurrences o = f B + b of a batch by row, stably: pairs (row, o) at 2 i and 2 i + 1.
 *
 * Padding comes last under row 0xffffffff. A radix sort from the least digit up: tables below 2^24 rows take two passes.
 *
 * @param ids rows, field-major: `ids[f * batch + b]`
 * @param fields number of fields F
 * @param batch rows of the batch B
 * @param rows valid rows of the batch; occurrences of the others are padding
 * @param rowCount rows of the table; occurrences of rows past it are padding
 * @param out receives the pairs: 2 F B numbers
 * @param scratch at least 2 F B numbers
 * @throws {RangeError} when an array is too short
 */
export function sortOccurrencesOnHost(
  ids: Uint32Array,
  fields: number,
  batch: number,
  rows: number,
  rowCount: number,
  out: Uint32Array,
  scratch: Uint32Array,
): void {
  const count = fields * batch;
  checkLength("ids", ids, count);
  checkLength("out", out, 2 * count);
  checkLength("scratch", scratch, 2 * count);
  const bits = keyBits(rowCount);
  const passes = Math.ceil(bits / DIGIT_BITS);
  const width = Math.ceil(bits / passes);
  const occurrences = { ids, fields, batch, rows, rowCount };
  const places = countDigits(occurrences, passes, width);
  let [from, to] = passes % 2 === 1 ? [scratch, out] : [out, scratch];
  scatterIds(occurrences, places[0], to);
  for (let pass = 1; pass < passes; pass++) {
    [from, to] = [to, from];
    scatterPairs(from, count, pass * width, places[pass], to);
  }
  for (let i = 2 * count - 2; i >= 0 && out[i] === rowCount; i -= 2) out[i] = NO_ROW;
}

function checkLength(name: string, array: Uint32Array, length: number): void {
  if (array.length >= length) return;
  throw new RangeError(`Cannot sort occurrences: ${name} must hold ${length} numbers, received ${array.length}`);
}

/** Returns, for each pass and digit, the place of the first pair with that digit. */
function countDigits(
  { ids, fields, batch, rows, rowCount }: Occurrences,
  passes: number,
  width: number,
): Uint32Array[] {
  const counts = Array.from({ length: passes }, () => new Uint32Array(1 << width));
  const [low, middle, high] = counts;
  const mask = (1 << width) - 1;
  let padding = fields * (batch - rows);
  for (let f = 0; f < fields; f++) {
    const end = f * batch + rows;
    for (let o = f * batch; o < end; o++) {
      const id = ids[o];
      if (id >= rowCount) {
        padding++;
        continue;
      }
      low[id & mask]++;
      if (passes > 1) middle[(id >>> width) & mask]++;
      if (passes > 2) high[id >>> (2 * width)]++;
    }
  }
  counts.forEach((sizes, pass) => {
    sizes[(rowCount >>> (pass * width)) & mask] += padding;
    let place = 0;
    sizes.forEach((size, digit) => {
      sizes[digit] = place;
      place += size;
    });
  });
  return counts;
}

function scatterIds({ ids, fields, batch, rows, rowCount }: Occurrences, places: Uint32Array, to: Uint32Array): void {
  const mask = places.length - 1;
  for (let f = 0; f < fields; f++) {
    for (let b = 0; b < batch; b++) {
      const o = f * batch + b;
      const id = ids[o];
      const key = b < rows && id < rowCount ? id : rowCount;
      const at = 2 * places[key & mask]++;
      to[at] = key;
      to[at + 1] = o;
    }
  }
}

function scatterPairs(from: Uint32Array, count: number, shift: number, places: Uint32Array, to: Uint32Array): void {
  const mask = places.length - 1;
  for (let i = 0; i < 2 * count; i += 2) {
    const key = from[i];
    const at = 2 * places[(key >>> shift) & mask]++;
    to[at] = key;
    to[at + 1] = from[i + 1];
  }
}
