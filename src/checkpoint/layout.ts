/**
 * The bytes of a checkpoint file, without the file system: see `../checkpoint.ts` for the picture.
 *
 * @module
 */

/** Numbers of one tensor, flat and row-major. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigUint64Array
  | BigInt64Array
  | Uint32Array
  | Int32Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array;

/** A tensor as the header of the file lists it. */
export interface TensorEntry {
  name: string;
  dtype: string;
  shape: readonly number[];
}

/** Multiple of bytes at which every tensor starts. */
export const ALIGNMENT = 64;
/** Bytes in front of the header. */
export const PREFIX_BYTES = 64;
/** Bytes of the SHA-256 digest that ends the file. */
export const DIGEST_BYTES = 32;
/** Version of the format that this code reads and writes. */
export const VERSION = 1;

// The line ends and the end-of-file mark betray a transfer that treated the file as text.
const MAGIC = new TextEncoder().encode("WEFT\r\n\x1a\n");

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  u32: Uint32Array,
  i32: Int32Array,
  u16: Uint16Array,
  i16: Int16Array,
  u8: Uint8Array,
  i8: Int8Array,
};

/** Lengths that the prefix of a file states. */
export interface Prefix {
  headerBytes: number;
  fileBytes: number;
}

/** Rounds a byte position up to the next tensor start. */
export function align(position: number): number {
  return Math.ceil(position / ALIGNMENT) * ALIGNMENT;
}

/** Counts the bytes of a file with the given header and tensors, prefix and digest included. */
export function countFileBytes(headerBytes: number, tensorBytes: readonly number[]): number {
  return tensorBytes.reduce((end, bytes) => align(end) + bytes, PREFIX_BYTES + headerBytes) + DIGEST_BYTES;
}

/** Packs the first {@linkcode PREFIX_BYTES} bytes of a file. */
export function packPrefix({ headerBytes, fileBytes }: Prefix): Uint8Array {
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(MAGIC);
  const view = new DataView(prefix.buffer);
  view.setUint32(8, VERSION, true);
  view.setBigUint64(16, BigInt(headerBytes), true);
  view.setBigUint64(24, BigInt(fileBytes), true);
  return prefix;
}

/**
 * Reads the prefix of a file.
 *
 * @throws {SyntaxError} when the bytes are not those of a checkpoint
 * @throws {RangeError} when the file has another version
 */
export function parsePrefix(prefix: Uint8Array): Prefix {
  if (prefix.length < PREFIX_BYTES || MAGIC.some((byte, i) => prefix[i] !== byte)) {
    throw new SyntaxError(`file is not a Weft checkpoint, received ${prefix.length} bytes without its mark`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw new RangeError(`format version must be ${VERSION}, received ${version}`);
  return { headerBytes: Number(view.getBigUint64(16, true)), fileBytes: Number(view.getBigUint64(24, true)) };
}

/**
 * Names the element type of a tensor.
 *
 * @throws {TypeError} when the data is not one of the supported arrays, or its length is not the product of the shape
 */
export function describeTensor(name: string, shape: readonly number[], data: TensorData): TensorEntry {
  const dtype = Object.entries(ARRAYS).find(([, array]) => data instanceof array)?.[0];
  if (!dtype) throw new TypeError(`tensor "${name}" must be a typed array, received ${typeof data}`);
  if (countElements(shape) !== data.length) {
    throw new TypeError(`tensor "${name}" must hold [${shape}] elements, received ${data.length}`);
  }
  return { name, dtype, shape: [...shape] };
}

/**
 * Counts the bytes of a tensor that the header of a file lists.
 *
 * @throws {SyntaxError} when the entry is not well-formed
 */
export function countTensorBytes(entry: TensorEntry): number {
  const array = Object.hasOwn(ARRAYS, entry.dtype) ? ARRAYS[entry.dtype as keyof typeof ARRAYS] : undefined;
  const elements = Array.isArray(entry.shape) ? countElements(entry.shape) : NaN;
  if (typeof entry.name !== "string" || !array || Number.isNaN(elements)) {
    throw new SyntaxError(`header is damaged, received tensor ${JSON.stringify(entry)}`);
  }
  return elements * array.BYTES_PER_ELEMENT;
}

/** Allocates the data of a tensor that {@linkcode countTensorBytes} has accepted. */
export function allocateTensor(entry: TensorEntry): TensorData {
  return new ARRAYS[entry.dtype as keyof typeof ARRAYS](countElements(entry.shape));
}

/** Returns the data of a tensor that {@linkcode countTensorBytes} has accepted, where it stands in the bytes of a file. */
export function viewTensor(entry: TensorEntry, file: ArrayBuffer, position: number): TensorData {
  return new ARRAYS[entry.dtype as keyof typeof ARRAYS](file, position, countElements(entry.shape));
}

/** Multiplies the dimensions; NaN when one of them is not a count. */
function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => (Number.isSafeInteger(size) && size >= 0 ? product * size : NaN), 1);
}
