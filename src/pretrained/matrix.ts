/**
 * A matrix out of a safetensors file, of which only its header and that tensor are read.
 *
 * @module
 */
import type { ByteRanges } from "../host/mod.ts";
import { formatNames } from "../data/format.ts";
import { allocate, bytesOfElement, decode } from "../interchange/safetensors/dtype.ts";
import { type Entry, LENGTH_BYTES, parseHeader, parseLength } from "../interchange/safetensors/header.ts";

/** Rows of numbers, `[count, width]`. */
export interface Matrix {
  /** Rows. */
  readonly count: number;
  /** Numbers of a row. */
  readonly width: number;
  /** Elements, row-major. */
  readonly data: ArrayLike<number>;
}

/**
 * Reads a tensor of two dimensions and floating-point numbers.
 *
 * @param name what errors call the file
 * @param wanted the tensor's name; the only such tensor when absent
 * @throws {SyntaxError} when the file is damaged
 * @throws {RangeError} when there is no such tensor, or several and none is named
 */
export async function readTensor(name: string, file: ByteRanges, wanted: string | undefined): Promise<Matrix> {
  const { entries, start: first } = await readEntries(name, file);
  const matrices = entries.filter(({ shape, dtype }) => shape.length === 2 && dtype.includes("F"));
  const [entry, ...others] = wanted === undefined ? matrices : matrices.filter((one) => one.name === wanted);
  if (entry === undefined || others.length > 0) {
    const what = wanted === undefined
      ? "vectors must name one of its tensors of two dimensions"
      : `there must be a tensor "${wanted}" of two dimensions`;
    const known = formatNames(matrices.map((one) => one.name)) || "none";
    throw new RangeError(`Cannot read "${name}": ${what}, received ${known}`);
  }
  const { shape: [count, width], dtype } = entry;
  const data = allocate(dtype, (entry.end - entry.begin) / bytesOfElement(dtype));
  const start = first + entry.begin;
  new Uint8Array(data.buffer).set(new Uint8Array(await file.slice(start, start + entry.end - entry.begin)));
  return { count, width, data: decode(dtype, data) as Float32Array };
}

/** Returns the tensors that a file has, and where their bytes start. */
async function readEntries(name: string, file: ByteRanges): Promise<{ entries: readonly Entry[]; start: number }> {
  try {
    const size = file.byteLength;
    const length = parseLength(new Uint8Array(await file.slice(0, Math.min(size, LENGTH_BYTES))), size);
    const start = LENGTH_BYTES + length;
    const { entries } = parseHeader(new Uint8Array(await file.slice(LENGTH_BYTES, start)), size - start);
    return { entries, start };
  } catch (error) {
    throw new SyntaxError(`Cannot read "${name}": ${(error as Error).message}`, { cause: error });
  }
}
