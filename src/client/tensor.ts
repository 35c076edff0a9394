/**
 * Tensors of the Open Inference Protocol as a client has them.
 *
 * @module
 */
import type { Datatype } from "../serve/tensor.ts";

export type { Datatype } from "../serve/tensor.ts";

/** Elements of a tensor by its type; those of 16-bit floats are their bits. */
export interface TensorData {
  /** Truth values. */
  BOOL: readonly boolean[];
  /** Unsigned integers of 8 bits. */
  UINT8: Uint8Array;
  /** Unsigned integers of 16 bits. */
  UINT16: Uint16Array;
  /** Unsigned integers of 32 bits. */
  UINT32: Uint32Array;
  /** Unsigned integers of 64 bits. */
  UINT64: BigUint64Array;
  /** Integers of 8 bits. */
  INT8: Int8Array;
  /** Integers of 16 bits. */
  INT16: Int16Array;
  /** Integers of 32 bits. */
  INT32: Int32Array;
  /** Integers of 64 bits. */
  INT64: BigInt64Array;
  /** Bits of half-precision numbers. */
  FP16: Uint16Array;
  /** Bits of numbers that are the upper half of a float32. */
  BF16: Uint16Array;
  /** Numbers of 32 bits. */
  FP32: Float32Array;
  /** Numbers of 64 bits. */
  FP64: Float64Array;
  /** Texts. */
  BYTES: readonly string[];
}

/** A tensor of a type. */
export interface TensorOf<D extends Datatype> {
  /** Type of the elements. */
  readonly datatype: D;
  /** Sizes, the batch first. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: TensorData[D];
}

/** A tensor of any type. */
export type Tensor = { [D in Datatype]: TensorOf<D> }[Datatype];

/** Bytes of an element. */
const SIZES: Readonly<Record<Exclude<Datatype, "BYTES">, number>> = {
  ...{ BOOL: 1, UINT8: 1, UINT16: 2, UINT32: 4, UINT64: 8, INT8: 1, INT16: 2, INT32: 4, INT64: 8 },
  ...{ FP16: 2, BF16: 2, FP32: 4, FP64: 8 },
};

/**
 * Writes elements in binary: little-endian, each text with its length in front.
 *
 * Numbers are copied as the machine has them, which is little-endian wherever pages and Deno run.
 */
export function encodeElements({ datatype, data }: Tensor): Uint8Array {
  if (datatype === "BYTES") return encodeTexts(data);
  if (datatype === "BOOL") return Uint8Array.from(data, Number);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function encodeTexts(texts: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  // A unit of UTF-16 has at most three bytes in UTF-8.
  const bytes = new Uint8Array(texts.reduce((sum, { length }) => sum + 4 + 3 * length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    const { written } = encoder.encodeInto(text, bytes.subarray(at + 4));
    view.setUint32(at, written, true);
    at += 4 + written;
  }
  return bytes.subarray(0, at);
}

/**
 * Reads a tensor from binary.
 *
 * @throws {SyntaxError} when the bytes are not those of its shape
 */
export function decodeElements(name: string, datatype: Datatype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const count = sizeOf(shape);
  if (datatype === "BYTES") return { datatype, shape, data: decodeTexts(name, bytes, count) };
  const wanted = SIZES[datatype] * count;
  if (bytes.length !== wanted) throw malformed(name, `${wanted} bytes of ${datatype}`, `${bytes.length}`);
  // Typed arrays start at multiples of their elements' size; a slice does.
  const { buffer } = bytes.slice();
  if (datatype === "BOOL") return { datatype, shape, data: Array.from(new Uint8Array(buffer), Boolean) };
  return { datatype, shape, data: viewOf(datatype, buffer) } as Tensor;
}

function decodeTexts(name: string, bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + view.getUint32(at, true);
    texts.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (at !== bytes.length || texts.length !== count) throw malformed(name, `${count} texts`, `${texts.length}`);
  return texts;
}

/**
 * Reads a tensor from the lists of JSON, nested or flat.
 *
 * @throws {SyntaxError} when they are not as many as its shape says
 */
export function decodeList(name: string, datatype: Datatype, shape: readonly number[], list: unknown): Tensor {
  if (datatype === "FP16" || datatype === "BF16") throw malformed(name, `binary as ${datatype}`, "JSON");
  const flat = (Array.isArray(list) ? list : []).flat(Infinity) as (string | number | boolean)[];
  if (flat.length !== sizeOf(shape)) throw malformed(name, `${sizeOf(shape)} elements`, `${flat.length}`);
  if (datatype === "BYTES") return { datatype, shape, data: flat.map(String) };
  if (datatype === "BOOL") return { datatype, shape, data: flat.map(Boolean) };
  const array = viewOf(datatype, new ArrayBuffer(SIZES[datatype] * flat.length));
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    flat.forEach((value, i) => array[i] = BigInt(value));
  } else array.set(flat as number[]);
  return { datatype, shape, data: array } as Tensor;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

type NumberType = Exclude<Datatype, "BOOL" | "BYTES">;

function viewOf(datatype: NumberType, buffer: ArrayBuffer): TensorData[NumberType] {
  const views = {
    ...{ UINT8: Uint8Array, UINT16: Uint16Array, UINT32: Uint32Array, UINT64: BigUint64Array },
    ...{ INT8: Int8Array, INT16: Int16Array, INT32: Int32Array, INT64: BigInt64Array },
    ...{ FP16: Uint16Array, BF16: Uint16Array, FP32: Float32Array, FP64: Float64Array },
  };
  return new views[datatype](buffer);
}

function malformed(name: string, wanted: string, received: string): SyntaxError {
  return new SyntaxError(`Cannot read output "${name}": there must be ${wanted}, received ${received}`);
}
