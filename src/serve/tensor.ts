/**
 * Tensors of the Open Inference Protocol, in JSON and in binary.
 *
 * Binary tensors are little-endian, row-major and without padding. A text (`BYTES`) is its length as a 32-bit integer and
 * then its bytes in UTF-8.
 *
 * @module
 */
import type { Numbers } from "../data/encode_columns.ts";
import { formatValue } from "../data/format.ts";
import { Utf8Texts } from "../data/utf8_texts.ts";
import { refuse } from "./error.ts";

/** Type of a tensor's elements. */
export type Datatype =
  | "BOOL"
  | `${"UINT" | "INT"}${"8" | "16" | "32" | "64"}`
  | `FP${"16" | "32" | "64"}`
  | "BF16"
  | "BYTES";

/** An element of a tensor. */
export type Element = string | number | bigint | boolean;

/** Elements in the form in which they came: numbers need not be boxed, nor texts become strings, to be encoded. */
export type Elements = readonly Element[] | Numbers | Utf8Texts;

/** A tensor of a request. */
export interface InputTensor {
  /** Name of the input. */
  readonly name: string;
  /** Type of its elements. */
  readonly datatype: Datatype;
  /** Sizes, the batch first. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly elements: Elements;
}

interface Kind {
  /** Bytes of an element; absent for texts. */
  readonly bytes?: number;
  /** Reads an element of the binary form; absent for those that have an array of their own. */
  readonly read?: (view: DataView, at: number) => Element;
  /** Tells whether a value of JSON is an element; absent where JSON has none. */
  readonly isElement?: (value: unknown) => boolean;
}

const isInteger = (least: number, most: number) => (value: unknown): boolean =>
  Number.isInteger(value) && value as number >= least && value as number <= most;

const isNumber = (value: unknown): boolean => typeof value === "number";

const KINDS: Readonly<Record<Datatype, Kind>> = {
  BOOL: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0, isElement: (value) => typeof value === "boolean" },
  UINT8: { bytes: 1, read: (view, at) => view.getUint8(at), isElement: isInteger(0, 0xff) },
  UINT16: { bytes: 2, read: (view, at) => view.getUint16(at, true), isElement: isInteger(0, 0xffff) },
  UINT32: { bytes: 4, read: (view, at) => view.getUint32(at, true), isElement: isInteger(0, 2 ** 32 - 1) },
  // JSON has rounded integers past 2^53 before anyone can look at them.
  UINT64: { bytes: 8, read: (view, at) => view.getBigUint64(at, true), isElement: isInteger(0, 2 ** 53 - 1) },
  INT8: { bytes: 1, read: (view, at) => view.getInt8(at), isElement: isInteger(-0x80, 0x7f) },
  INT16: { bytes: 2, read: (view, at) => view.getInt16(at, true), isElement: isInteger(-0x8000, 0x7fff) },
  INT32: { bytes: 4, read: (view, at) => view.getInt32(at, true), isElement: isInteger(-(2 ** 31), 2 ** 31 - 1) },
  INT64: { bytes: 8, isElement: isInteger(-(2 ** 53) + 1, 2 ** 53 - 1) },
  FP16: { bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)) },
  BF16: { bytes: 2, read: (view, at) => brainOf(view.getUint16(at, true)) },
  FP32: { bytes: 4, isElement: isNumber },
  FP64: { bytes: 8, isElement: isNumber },
  BYTES: { isElement: (value) => typeof value === "string" },
};

/** Tells whether a value names a type of elements. */
export function isDatatype(value: unknown): value is Datatype {
  return typeof value === "string" && Object.hasOwn(KINDS, value);
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** Returns the number of a half-precision pattern: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Returns the number whose upper 16 bits as a float32 these are. */
function brainOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(2, bits, true);
  return view.getFloat32(0, true);
}

/** Returns the first element, if there is one. */
export function firstOf(elements: Elements): Element | undefined {
  return elements instanceof Utf8Texts ? elements.first : elements[0];
}

/**
 * Reads the elements of a tensor from binary.
 *
 * @param input how errors name the tensor
 * @throws {RequestError} when the bytes are not those of `count` elements
 */
export function decodeBinary(input: string, datatype: Datatype, bytes: Uint8Array, count: number): Elements {
  const kind = KINDS[datatype];
  if (kind.bytes === undefined) return decodeTexts(input, bytes, count);
  const size = kind.bytes;
  if (bytes.length !== size * count) {
    const wanted = `${size * count} bytes for ${count} elements of ${datatype}`;
    refuse(`Cannot read ${input}: it must have ${wanted}, received ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (datatype === "FP32") {
    const numbers = new Float32Array(count);
    for (let i = 0; i < count; i++) numbers[i] = view.getFloat32(4 * i, true);
    return numbers;
  }
  if (datatype === "FP64") {
    const numbers = new Float64Array(count);
    for (let i = 0; i < count; i++) numbers[i] = view.getFloat64(8 * i, true);
    return numbers;
  }
  if (datatype === "INT64") {
    const numbers = new BigInt64Array(count);
    for (let i = 0; i < count; i++) numbers[i] = view.getBigInt64(8 * i, true);
    return numbers;
  }
  return Array.from({ length: count }, (_, i) => kind.read!(view, size * i));
}

function decodeTexts(input: string, bytes: Uint8Array, count: number): Utf8Texts {
  const texts = Utf8Texts.read(bytes, count);
  if (texts instanceof Utf8Texts) return texts;
  switch (texts.kind) {
    case "cut":
      return refuse(
        `Cannot read ${input}: it must end with its last text, received ${bytes.length} bytes that end in it`,
      );
    case "encoding":
      return refuse(
        `Cannot read ${input}: it must hold texts in UTF-8, received other bytes in element ${texts.place}`,
      );
    case "count":
      return refuse(`Cannot read ${input}: it must have ${count} elements as its shape says, received ${texts.count}`);
  }
}

/**
 * Reads the elements of a tensor from JSON, where lists may be nested or flat.
 *
 * @param input how errors name the tensor
 * @throws {RequestError} when they are not `count` elements of the type
 */
export function decodeJson(input: string, datatype: Datatype, data: unknown, count: number): Element[] {
  const { isElement } = KINDS[datatype];
  if (!isElement) refuse(`Cannot read ${input}: it must be binary as ${datatype}, received JSON`);
  if (!Array.isArray(data)) refuse(`Cannot read ${input}: it must have a list as data, received ${formatValue(data)}`);
  // Nesting is walked without recursion: a request decides how deep it is.
  const elements: Element[] = [];
  const open: { list: readonly unknown[]; at: number }[] = [{ list: data, at: 0 }];
  while (open.length > 0) {
    const top = open[open.length - 1];
    if (top.at === top.list.length) open.pop();
    else {
      const value = top.list[top.at++];
      if (Array.isArray(value)) open.push({ list: value, at: 0 });
      else if (isElement!(value)) elements.push(value as Element);
      else {
        const received = `${formatValue(value)} at ${elements.length}`;
        refuse(`Cannot read ${input}: it must have elements of ${datatype}, received ${received}`);
      }
    }
  }
  if (elements.length !== count) {
    refuse(`Cannot read ${input}: it must have ${count} elements as its shape says, received ${elements.length}`);
  }
  return elements;
}
