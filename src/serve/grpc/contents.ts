/**
 * Typed contents of tensors, which gRPC has besides raw bytes.
 *
 * @module
 */
import { formatValue } from "../../data/format.ts";
import { RequestError } from "../error.ts";

/** `InferTensorContents`. Integers of 64 bits are texts. */
export interface TensorContents {
  readonly bool_contents?: readonly boolean[];
  readonly int_contents?: readonly number[];
  readonly int64_contents?: readonly string[];
  readonly uint_contents?: readonly number[];
  readonly uint64_contents?: readonly string[];
  readonly fp32_contents?: readonly number[];
  readonly fp64_contents?: readonly number[];
  readonly bytes_contents?: readonly Uint8Array[];
}

interface Encoding<F extends keyof TensorContents> {
  /** Where the elements are. */
  readonly field: F;
  /** Bytes of an element. */
  readonly bytes: number;
  /** Writes an element. */
  readonly write: (view: DataView, at: number, value: NonNullable<TensorContents[F]>[number]) => void;
}

const encoding = <F extends keyof TensorContents>(
  field: F,
  bytes: number,
  write: Encoding<F>["write"],
): Encoding<keyof TensorContents> => ({ field, bytes, write }) as unknown as Encoding<keyof TensorContents>;

/** How elements of each type are written; halves are in raw contents only, and texts have lengths of their own. */
const ENCODINGS: Readonly<Record<string, Encoding<keyof TensorContents>>> = {
  BOOL: encoding("bool_contents", 1, (view, at, value) => view.setUint8(at, Number(value))),
  INT8: encoding("int_contents", 1, (view, at, value) => view.setInt8(at, value)),
  INT16: encoding("int_contents", 2, (view, at, value) => view.setInt16(at, value, true)),
  INT32: encoding("int_contents", 4, (view, at, value) => view.setInt32(at, value, true)),
  INT64: encoding("int64_contents", 8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)),
  UINT8: encoding("uint_contents", 1, (view, at, value) => view.setUint8(at, value)),
  UINT16: encoding("uint_contents", 2, (view, at, value) => view.setUint16(at, value, true)),
  UINT32: encoding("uint_contents", 4, (view, at, value) => view.setUint32(at, value, true)),
  UINT64: encoding("uint64_contents", 8, (view, at, value) => view.setBigUint64(at, BigInt(value), true)),
  FP32: encoding("fp32_contents", 4, (view, at, value) => view.setFloat32(at, value, true)),
  FP64: encoding("fp64_contents", 8, (view, at, value) => view.setFloat64(at, value, true)),
};

/** Least and greatest element of the types that are shorter than their field. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
};

/**
 * Writes typed contents as the bytes of a binary tensor.
 *
 * @throws {RequestError} when the type has no contents, they are in the field of another type, or out of its range
 */
export function encodeContents(name: string, datatype: string, contents: TensorContents): Uint8Array {
  const isTexts = datatype === "BYTES";
  const known = isTexts || Object.hasOwn(ENCODINGS, datatype);
  const field = isTexts ? "bytes_contents" : known ? ENCODINGS[datatype].field : undefined;
  const filled = Object.entries(contents).find(([other, values]) => other !== field && values.length > 0);
  if (filled || !field) {
    const wanted = field ? `in ${field}` : "in raw_input_contents";
    throw new RequestError(
      400,
      `Cannot read input "${name}": elements of ${datatype} must be ${wanted}, received ${filled?.[0] ?? "none there"}`,
    );
  }
  if (isTexts) return encodeTexts(contents.bytes_contents ?? []);
  const { bytes, write } = ENCODINGS[datatype];
  const values = contents[field] ?? [];
  const [least, most] = RANGES[datatype] ?? [-Infinity, Infinity];
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  values.forEach((value, i) => {
    if (typeof value === "number" && (value < least || value > most)) {
      throw new RequestError(
        400,
        `Cannot read input "${name}": elements must be of ${datatype}, received ${formatValue(value)} at ${i}`,
      );
    }
    write(view, bytes * i, value);
  });
  return new Uint8Array(view.buffer);
}

function encodeTexts(texts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(texts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}
