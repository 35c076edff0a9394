/**
 * Rows of tables in fewer bits, as kernels read them: see `shaders/embedding/table_codes.wgsl` and `table_f16.wgsl`.
 *
 * @module
 */
import type { Table } from "../graph/parameter.ts";
import { bitsOf, halvesOf, hasCodes, type RowStorage, wordsOf } from "../graph/table_storage.ts";

/** Smallest scale of a row whose numbers differ: products with it are far from where devices flush numbers to zero. */
const LEAST_SCALE = 2 ** -100;

/** Largest magnitudes that a storage holds; those of integers leave room for rounding the center and the scale. */
const LARGEST: Readonly<Record<RowStorage, number>> = { f32: Infinity, f16: 65504, int8: 2 ** 126, int4: 2 ** 126 };

const shared = new Float32Array(1);
const sharedBits = new Uint32Array(shared.buffer);

/**
 * Encodes the rows of a table.
 *
 * A row of integers has a center c and a scale s, float32 numbers of 8 significant bits, and a number x the code
 * q = round((x - c) / s + (2^bits - 1) / 2), halves up. The scale is rounded up so that every number of the row is within
 * reach of its codes: the decoded number is at most s / 2 from x, but for the rounding of float32.
 *
 * @param values numbers of the rows, without padding
 * @throws {RangeError} when a number is larger than the storage holds
 */
export function encodeRows(
  table: Table,
  storage: Exclude<RowStorage, "f32">,
  values: Float32Array,
): Uint32Array<ArrayBuffer> {
  const { dim } = table;
  requireRange(table, storage, values);
  const rows = values.length / dim;
  const words = new Uint32Array(wordsOf(storage, table, rows));
  const stride = halvesOf(storage, dim);
  if (hasCodes(storage)) {
    for (let row = 0; row < rows; row++) {
      encodeRow(values.subarray(row * dim, (row + 1) * dim), bitsOf(storage), words, (row * stride) / 2);
    }
    return words;
  }
  const halves = new Float16Array(words.buffer);
  for (let row = 0; row < rows; row++) halves.set(values.subarray(row * dim, (row + 1) * dim), row * stride);
  return words;
}

/** Decodes rows that {@linkcode encodeRows} has encoded, to the numbers that kernels read. */
export function decodeRows(
  table: Table,
  storage: Exclude<RowStorage, "f32">,
  words: Uint32Array<ArrayBuffer>,
  rows: number,
): Float32Array<ArrayBuffer> {
  const { dim } = table;
  const values = new Float32Array(rows * dim);
  const stride = halvesOf(storage, dim);
  if (hasCodes(storage)) {
    for (let row = 0; row < rows; row++) {
      decodeRow(words, (row * stride) / 2, bitsOf(storage), values.subarray(row * dim, (row + 1) * dim));
    }
    return values;
  }
  const halves = new Float16Array(words.buffer, words.byteOffset, 2 * words.length);
  for (let row = 0; row < rows; row++) values.set(halves.subarray(row * stride, row * stride + dim), row * dim);
  return values;
}

function requireRange({ name, dim }: Table, storage: RowStorage, values: Float32Array): void {
  const most = LARGEST[storage];
  const at = values.findIndex((value) => !(Math.abs(value) <= most));
  if (at < 0) return;
  throw new RangeError(
    `Cannot quantize "${name}": ${storage} holds numbers up to ${most}, received ${values[at]} in row ${
      Math.floor(at / dim)
    }`,
  );
}

function encodeRow(row: Float32Array, bits: number, words: Uint32Array, start: number): void {
  let [low, high] = [row[0], row[0]];
  for (const value of row) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const [middle, most] = [(2 ** bits - 1) / 2, 2 ** bits - 1];
  const center = roundToUpperHalf((low + high) / 2);
  const scale = scaleOf(Math.max(high - center, center - low) / middle);
  words[start] = upperHalf(center) << 16 | upperHalf(scale);
  if (scale === 0) return;
  for (let d = 0; d < row.length; d++) {
    const code = Math.floor((row[d] - center) / scale + middle + 0.5);
    const at = d * bits;
    words[start + 1 + (at >>> 5)] |= Math.min(Math.max(code, 0), most) << (at & 31);
  }
}

function decodeRow(words: Uint32Array, start: number, bits: number, row: Float32Array): void {
  const [middle, most] = [(2 ** bits - 1) / 2, 2 ** bits - 1];
  const center = fromUpperHalf(words[start] >>> 16);
  const scale = fromUpperHalf(words[start] & 0xffff);
  for (let d = 0; d < row.length; d++) {
    const at = d * bits;
    const code = words[start + 1 + (at >>> 5)] >>> (at & 31) & most;
    row[d] = center + scale * (code - middle);
  }
}

/** Returns the smallest scale of 8 significant bits that is not below `least`. */
function scaleOf(least: number): number {
  if (least === 0) return 0;
  shared[0] = Math.max(least, LEAST_SCALE);
  if (shared[0] < least) sharedBits[0]++;
  sharedBits[0] = (sharedBits[0] + 0xffff) & 0xffff0000;
  return shared[0];
}

/** Rounds to 8 significant bits, halves to even; what is too small for a normal number becomes 0. */
function roundToUpperHalf(value: number): number {
  shared[0] = value;
  sharedBits[0] = (sharedBits[0] + 0x7fff + (sharedBits[0] >>> 16 & 1)) & 0xffff0000;
  return Math.abs(shared[0]) < 2 ** -126 ? 0 : shared[0];
}

function upperHalf(value: number): number {
  shared[0] = value;
  return sharedBits[0] >>> 16;
}

function fromUpperHalf(bits: number): number {
  sharedBits[0] = bits << 16;
  return shared[0];
}
