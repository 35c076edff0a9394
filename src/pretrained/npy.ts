/**
 * Matrices in NumPy's `.npy` files.
 *
 * | bytes | content |
 * | --- | --- |
 * | 8 | `\x93NUMPY`, major and minor version |
 * | 2, from version 2 on 4 | bytes of the header, little-endian |
 * | as stated | `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }` and blanks |
 * | rest | elements, row-major |
 *
 * @module
 */
import { decode } from "../interchange/safetensors/dtype.ts";
import type { Matrix } from "./matrix.ts";

const ARRAYS = { "<f2": Uint16Array, "<f4": Float32Array, "<f8": Float64Array } as const;

/**
 * Reads a matrix of floating-point numbers.
 *
 * @param name what errors call the file
 * @throws {SyntaxError} when it is no `.npy` file, is cut off, or holds something else
 */
export function parseNpy(name: string, bytes: Uint8Array<ArrayBuffer>): Matrix {
  const refuse = (what: string): never => {
    throw new SyntaxError(`Cannot read "${name}": ${what}`);
  };
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY" || bytes.length < 12) refuse("it is no .npy file");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isShort = bytes[6] === 1;
  const start = isShort ? 10 : 12;
  const end = start + (isShort ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const dtype = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "none";
  const [, count, width] = /'shape':\s*\((\d+),\s*(\d+),?\s*\)/.exec(header) ?? refuse("it must have two dimensions");
  if (/'fortran_order':\s*True/.test(header)) refuse("it must be row-major, received column-major order");
  if (!Object.hasOwn(ARRAYS, dtype)) refuse(`its type must be <f2, <f4 or <f8, received ${dtype}`);
  const array = ARRAYS[dtype as keyof typeof ARRAYS];
  const size = Number(count) * Number(width);
  const expected = end + size * array.BYTES_PER_ELEMENT;
  if (bytes.length !== expected) refuse(`it must have ${expected} bytes, received ${bytes.length}`);
  const data = new array(bytes.slice(end).buffer);
  const wide = data instanceof Uint16Array ? decode("F16", data) as Float32Array : data;
  return { count: Number(count), width: Number(width), data: wide };
}
