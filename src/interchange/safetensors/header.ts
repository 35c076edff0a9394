/**
 * The header of a safetensors file, without the file.
 *
 * | bytes | content |
 * | --- | --- |
 * | 8 | u64 N |
 * | N | JSON: a name to `{"dtype", "shape", "data_offsets": [begin, end]}`, `__metadata__` to texts by name; blanks behind |
 * | rest | elements, little-endian and row-major; the tensors cover it without holes and overlaps |
 *
 * @module
 */
import { bytesOfElement, type Dtype, DTYPES, isDtype } from "./dtype.ts";
import { findRepeatedKey } from "./keys.ts";

/** Bytes in front of the JSON. */
export const LENGTH_BYTES = 8;

/** Most bytes of the JSON that readers accept. */
const MOST_HEADER_BYTES = 100_000_000;

/** Multiple of bytes at which the elements start. */
const ALIGNMENT = 8;

const METADATA = "__metadata__";

/** A tensor as the header lists it. */
export interface Entry {
  /** Name of the tensor. */
  readonly name: string;
  /** Type of the elements. */
  readonly dtype: Dtype;
  /** Sizes of the dimensions. */
  readonly shape: readonly number[];
  /** First byte, counted from the first byte behind the header. */
  readonly begin: number;
  /** Byte behind the last. */
  readonly end: number;
}

/** What a header holds. */
export interface Header {
  /** The tensors in the order of their bytes. */
  readonly entries: readonly Entry[];
  /** Texts by name that the writer added. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the length of the JSON from the first bytes of a file.
 *
 * @param bytes the first 8 bytes, or fewer of a shorter file
 * @param size bytes of the file
 * @throws {SyntaxError} when the file is too short for it, or the length out of its range
 */
export function parseLength(bytes: Uint8Array, size: number): number {
  if (bytes.length < LENGTH_BYTES) {
    throw new SyntaxError(`file must have at least ${LENGTH_BYTES} bytes, received ${bytes.length}`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MOST_HEADER_BYTES) {
    throw new SyntaxError(`header must have at most ${MOST_HEADER_BYTES} bytes, received ${length}`);
  }
  if (Number(length) > size - LENGTH_BYTES) {
    throw new SyntaxError(`header of ${length} bytes must fit in the file, received a file of ${size} bytes`);
  }
  return Number(length);
}

/**
 * Reads the JSON of a header.
 *
 * @param dataBytes bytes of the file behind it
 * @throws {SyntaxError} when it is no such JSON, or the tensors do not cover those bytes exactly
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): Header {
  if (bytes[0] !== 0x7b) throw new SyntaxError("header must start with {");
  const { [METADATA]: metadata = {}, ...tensors } = parseJson(bytes);
  const entries = Object.entries(tensors).map(([name, json]) => parseEntry(name, json));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      const fault = begin < position ? "overlap the tensor before it" : "follow the tensor before it without a hole";
      const must = begin < position ? `must not ${fault}` : `must ${fault}`;
      throw new SyntaxError(`tensor "${name}" ${must}, received byte ${begin} where ${position} is next`);
    }
    position = end;
  }
  if (position !== dataBytes) {
    throw new SyntaxError(`tensors must cover all bytes behind the header, received ${position} of ${dataBytes}`);
  }
  return { entries, metadata: parseMetadata(metadata) };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new SyntaxError(`header must be JSON in UTF-8: ${reason}`, { cause: error });
  }
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined) throw new SyntaxError(`names must differ, received ${JSON.stringify(repeated)} twice`);
  return json as Record<string, unknown>;
}

function parseEntry(name: string, json: unknown): Entry {
  const refuse = (what: string, received: unknown): never => {
    const text = JSON.stringify(received) ?? "nothing";
    throw new SyntaxError(`tensor "${name}" must have ${what}, received ${text.slice(0, 200)}`);
  };
  const { dtype, shape, data_offsets: offsets } = (json ?? {}) as Record<string, unknown>;
  if (!isDtype(dtype)) return refuse(`a dtype of ${DTYPES.join(", ")}`, dtype);
  if (!isSizes(shape)) return refuse("a shape of whole numbers", shape);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return refuse("two ascending data_offsets", offsets);
  }
  const [begin, end] = offsets;
  const bytes = shape.reduce((product, size) => product * size, bytesOfElement(dtype));
  if (end - begin !== bytes) return refuse(`${bytes} bytes for ${dtype} of shape [${shape}]`, end - begin);
  return { name, dtype, shape, begin, end };
}

function isSizes(json: unknown): json is number[] {
  return Array.isArray(json) && json.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function parseMetadata(json: unknown): Record<string, string> {
  const isRecord = typeof json === "object" && json !== null && !Array.isArray(json);
  if (!isRecord || !Object.values(json).every((value) => typeof value === "string")) {
    throw new SyntaxError(`${METADATA} must have texts by name`);
  }
  return json as Record<string, string>;
}

/** A tensor that is to be written. */
export type Unplaced = Omit<Entry, "begin" | "end">;

/**
 * Places tensors one behind the other, those of wide elements first so that each starts at a multiple of its element,
 * and then by name: equal content gives equal bytes.
 *
 * @returns the bytes in front of the elements, and the tensors in order
 * @throws {TypeError} when a tensor has the name of the metadata
 */
export function formatHeader(
  tensors: readonly Unplaced[],
  metadata: Readonly<Record<string, string>>,
): { bytes: Uint8Array<ArrayBuffer>; entries: Entry[] } {
  if (tensors.some(({ name }) => name === METADATA)) {
    throw new TypeError(`a tensor must not be named ${METADATA}`);
  }
  const ordered = [...tensors].sort((a, b) =>
    bytesOfElement(b.dtype) - bytesOfElement(a.dtype) || (a.name < b.name ? -1 : 1)
  );
  let position = 0;
  const entries = ordered.map((tensor): Entry => {
    const begin = position;
    position += tensor.shape.reduce((product, size) => product * size, bytesOfElement(tensor.dtype));
    return { ...tensor, begin, end: position };
  });
  const listed = entries.map(({ name, dtype, shape, begin, end }) =>
    `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`
  );
  const texts = Object.keys(metadata).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(metadata[name])}`);
  const parts = texts.length > 0 ? [`"${METADATA}":{${texts.join(",")}}`, ...listed] : listed;
  const json = new TextEncoder().encode(`{${parts.join(",")}}`);
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH_BYTES);
  return { bytes, entries };
}
