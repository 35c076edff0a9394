/**
 * Types of elements in safetensors files, and the typed arrays that hold them.
 *
 * @module
 */
import type { TensorData } from "../../checkpoint/content.ts";

/** Type of a tensor's elements as the file names it. */
export type Dtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "U64"
  | "I32"
  | "U32"
  | "I16"
  | "U16"
  | "I8"
  | "U8"
  | "BOOL";

/** Arrays with the bytes of the file. Those of half floats hold bits, which {@linkcode decode} widens. */
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<Dtype, unknown>;

/** Types that typed arrays are written as. */
const WRITTEN: readonly Dtype[] = ["F64", "F32", "I64", "U64", "I32", "U32", "I16", "U16", "I8", "U8"];

/** Whether a text names a type that can be read. */
export function isDtype(text: unknown): text is Dtype {
  return typeof text === "string" && Object.hasOwn(ARRAYS, text);
}

/** Names of all types that can be read. */
export const DTYPES: readonly string[] = Object.keys(ARRAYS);

/** Returns the bytes of an element. */
export function bytesOfElement(dtype: Dtype): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Allocates an array with the layout of the file. */
export function allocate(dtype: Dtype, elements: number): TensorData {
  return new ARRAYS[dtype](elements);
}

/** Returns the type that an array is written as. */
export function dtypeOf(data: TensorData): Dtype | undefined {
  return WRITTEN.find((dtype) => data instanceof ARRAYS[dtype]);
}

/** Widens half floats to float32, which holds each of them exactly; arrays of other types stay as they are. */
export function decode(dtype: Dtype, data: TensorData): TensorData {
  if (dtype !== "F16" && dtype !== "BF16") return data;
  const bits = data as Uint16Array;
  const wide = new Float32Array(bits.length);
  if (dtype === "F16") { for (let i = 0; i < bits.length; i++) wide[i] = fromHalf(bits[i]); }
  else {
    // A bfloat16 is the upper half of a float32.
    const words = new Uint32Array(wide.buffer);
    for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  }
  return wide;
}

/** Returns the number of an IEEE 754 half float: sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
