/**
 * Numbers of few bits, in runs of one that recurs and in packed ones, as Parquet has them in its pages.
 *
 * @module
 */
import { padded } from "../byte_table.ts";

/**
 * Reads numbers of so many bits each until the output is full: Parquet's hybrid of run lengths and packed bits.
 *
 * @param bytes nothing else
 * @throws {Error} when they end before
 */
export function readRuns(bytes: Uint8Array, width: number, output: Uint32Array): void {
  const { view } = padded(bytes);
  const end = bytes.length;
  const valueBytes = Math.ceil(width / 8);
  let at = 0;
  for (let seen = 0; seen < output.length;) {
    let head = 0;
    for (let shift = 0, byte = 128; byte >= 128; shift += 7) {
      if (at >= end) throw new Error(`expected ${output.length} numbers of ${width} bits, received ${seen}`);
      byte = bytes[at++];
      head += (byte & 127) * 2 ** shift;
    }
    const isPacked = head % 2 === 1;
    const half = Math.floor(head / 2);
    const count = Math.min(isPacked ? 8 * half : half, output.length - seen);
    // The last group may end with its last number.
    if (at + (isPacked ? Math.ceil(count * width / 8) : valueBytes) > end) {
      throw new Error(`expected ${output.length} numbers of ${width} bits, received fewer`);
    }
    if (isPacked) {
      unpackBits(view, at, width, output.subarray(seen, seen + count));
      at += half * width;
    } else {
      output.fill(valueAt(view, at, 0, width), seen, seen + count);
      at += valueBytes;
    }
    seen += count;
  }
}

function unpackBits(view: DataView, start: number, width: number, output: Uint32Array): void {
  if (width > 25) {
    for (let i = 0; i < output.length; i++) output[i] = valueAt(view, start, i * width, width);
    return;
  }
  const mask = 2 ** width - 1;
  for (let i = 0, bit = 0; i < output.length; i++, bit += width) {
    output[i] = (view.getUint32(start + (bit >>> 3), true) >>> (bit & 7)) & mask;
  }
}

/** Reads a number of up to 32 bits at a bit, with five bytes to be had there. */
function valueAt(view: DataView, start: number, bit: number, width: number): number {
  const at = start + Math.floor(bit / 8);
  const shift = bit % 8;
  const low = view.getUint32(at, true) + view.getUint8(at + 4) * 2 ** 32;
  return Math.floor(low / 2 ** shift) % 2 ** width;
}
