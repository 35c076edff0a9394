/**
 * Files of tensors that Python's `safetensors` reads and writes: see `safetensors/header.ts` for the picture.
 *
 * @module
 */
import type { CheckpointTensor, TensorData } from "../checkpoint/content.ts";
import { replaceFile } from "../files.ts";
import { allocate, bytesOfElement, decode, type Dtype, dtypeOf } from "./safetensors/dtype.ts";
import { type Entry, formatHeader, type Header, LENGTH_BYTES, parseHeader, parseLength } from "./safetensors/header.ts";

export type { Dtype } from "./safetensors/dtype.ts";

/** Bytes read or written at a time. */
const CHUNK_BYTES = 8 << 20;

/** A tensor of a safetensors file. */
export interface SafetensorsTensor extends CheckpointTensor {
  /** Type of the elements in the file. Those of F16 and BF16 are widened to a `Float32Array`. */
  readonly dtype: Dtype;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** Tensors by name. */
  readonly tensors: Readonly<Record<string, SafetensorsTensor>>;
  /** Texts by name that the writer added. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes tensors to a safetensors file, so that the path holds either the old file or the whole new one. Tensors are not
 * copied: they must not change until the promise resolves.
 *
 * @throws {TypeError} when a tensor has not the length of its shape, or metadata is no text
 * @throws {Error} when the file cannot be written; a file that was there is intact
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, CheckpointTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { bytes, entries } = prepare(path, tensors, metadata);
  try {
    await replaceFile(path, async (file) => {
      await writeAll(file, bytes);
      for (const { name } of entries) await writeAll(file, bytesOf(tensors[name].data));
    });
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/** Returns the bytes of a safetensors file, as {@linkcode writeSafetensors} writes them. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { bytes, entries } = prepare("safetensors", tensors, metadata);
  const whole = new Uint8Array(bytes.length + (entries.at(-1)?.end ?? 0));
  whole.set(bytes);
  for (const { name, begin } of entries) whole.set(bytesOf(tensors[name].data), bytes.length + begin);
  return whole;
}

/**
 * Reads a safetensors file, or its bytes. All of the header is checked before anything is allocated; each tensor is read
 * straight into its array.
 *
 * @throws {SyntaxError} when it is none, is truncated or damaged
 * @throws {Error} when the file cannot be read
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeSafetensors, readSafetensors } from "./safetensors.ts";
 *
 * const bytes = encodeSafetensors({ weight: { shape: [2, 1], data: Float32Array.of(0.5, 2) } }, { tool: "weft" });
 * const { tensors, metadata } = await readSafetensors(bytes);
 * assert.deepEqual(tensors.weight, { dtype: "F32", shape: [2, 1], data: Float32Array.of(0.5, 2) });
 * assert.equal(metadata.tool, "weft");
 * ```
 */
export async function readSafetensors(source: string | URL | Uint8Array): Promise<Safetensors> {
  const name = source instanceof Uint8Array ? "safetensors" : `"${source}"`;
  try {
    if (source instanceof Uint8Array) return await readContent(new BytesReader(source), source.length);
    using file = await Deno.open(source);
    return await readContent(new FileReader(file), (await file.stat()).size);
  } catch (error) {
    const message = `Cannot read ${name}: ${messageOf(error)}`;
    if (error instanceof SyntaxError) throw new SyntaxError(message, { cause: error });
    throw new Error(message, { cause: error });
  }
}

/** Fills arrays with bytes, in order. */
interface Reader {
  read(bytes: Uint8Array): Promise<void>;
}

async function readContent(reader: Reader, size: number): Promise<Safetensors> {
  const first = new Uint8Array(Math.min(size, LENGTH_BYTES));
  await reader.read(first);
  const json = new Uint8Array(parseLength(first, size));
  await reader.read(json);
  const { entries, metadata }: Header = parseHeader(json, size - LENGTH_BYTES - json.length);
  const tensors: [string, SafetensorsTensor][] = [];
  for (const entry of entries) tensors.push([entry.name, await readTensor(reader, entry)]);
  return { tensors: Object.fromEntries(tensors), metadata };
}

async function readTensor(reader: Reader, { dtype, shape, begin, end }: Entry): Promise<SafetensorsTensor> {
  const data = allocate(dtype, (end - begin) / bytesOfElement(dtype));
  await reader.read(bytesOf(data));
  return { dtype, shape, data: decode(dtype, data) };
}

class BytesReader implements Reader {
  readonly #source: Uint8Array;
  #position = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  read(bytes: Uint8Array): Promise<void> {
    bytes.set(this.#source.subarray(this.#position, this.#position + bytes.length));
    this.#position += bytes.length;
    return Promise.resolve();
  }
}

class FileReader implements Reader {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  async read(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length;) {
      const count = await this.#file.read(bytes.subarray(start, start + CHUNK_BYTES));
      if (count === null) throw new SyntaxError("file must not shrink while it is read");
      start += count;
    }
  }
}

function prepare(
  path: string,
  tensors: Readonly<Record<string, CheckpointTensor>>,
  metadata: Readonly<Record<string, string>>,
): ReturnType<typeof formatHeader> {
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot write "${path}": ${what}`);
  };
  const entry = Object.entries(metadata).find(([, text]) => typeof text !== "string");
  if (entry) refuse(`metadata must be texts, received ${typeof entry[1]} for "${entry[0]}"`);
  const listed = Object.entries(tensors).map(([name, { shape, data }]) => {
    const dtype = dtypeOf(data) ?? refuse(`"${name}" must be a typed array`);
    const elements = shape.reduce((product, size) => product * size, 1);
    if (data.length !== elements) {
      refuse(`"${name}" of shape [${shape}] must have ${elements} elements, received ${data.length}`);
    }
    return { name, dtype, shape: [...shape] };
  });
  try {
    return formatHeader(listed, metadata);
  } catch (error) {
    return refuse(messageOf(error));
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length;) {
    start += await file.write(bytes.subarray(start, start + CHUNK_BYTES));
  }
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
