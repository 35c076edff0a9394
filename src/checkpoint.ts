/**
 * One-file container of a JSON header and raw tensors.
 *
 * | bytes | content |
 * | --- | --- |
 * | 64 | mark `WEFT\r\n\x1a\n`, u32 version, u32 0, u64 bytes of the header, u64 bytes of the file, zeros |
 * | as stated | header: JSON `{"header": ..., "tensors": [{"dtype", "name", "shape"}, ...]}`, keys sorted |
 * | each tensor | zeros up to the next multiple of 64, then its elements, row-major; tensors sorted by name |
 * | 32 | SHA-256 of all bytes before |
 *
 * Everything is little-endian and nothing depends on time or place: equal content gives equal bytes.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { canonicalJson } from "./checkpoint/canonical_json.ts";
import type { Checkpoint, CheckpointTensor } from "./checkpoint/content.ts";
import {
  align,
  ALIGNMENT,
  allocateTensor,
  countFileBytes,
  countTensorBytes,
  describeTensor,
  DIGEST_BYTES,
  packPrefix,
  parsePrefix,
  PREFIX_BYTES,
  type TensorData,
  type TensorEntry,
  viewTensor,
} from "./checkpoint/layout.ts";
import { replaceFile, tryToReplace } from "./files.ts";

export type { Checkpoint, CheckpointTensor } from "./checkpoint/content.ts";
export type { Json } from "./checkpoint/canonical_json.ts";
export type { TensorData } from "./checkpoint/layout.ts";

/** Bytes read or written at a time: bounds the memory beyond the tensors themselves. */
const CHUNK_BYTES = 8 << 20;

/**
 * Writes a checkpoint so that the path holds either the old file or the whole new one, whenever the process or the
 * machine stops.
 *
 * The tensors are not copied: they must not change until the promise resolves.
 *
 * @throws {TypeError} when the header holds what JSON cannot, or a tensor has not the length of its shape
 * @throws {Error} when the file cannot be written; a file that was there is intact
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  requireLittleEndian();
  const tensors = Object.entries(checkpoint.tensors).sort(([a], [b]) => (a < b ? -1 : 1));
  const header = encodeHeader(path, checkpoint.header, tensors);
  const tensorBytes = tensors.map(([, { data }]) => data.byteLength);
  const fileBytes = countFileBytes(header.length, tensorBytes);
  try {
    await replaceFile(path, async (file) => {
      const writer = new HashingWriter(file);
      await writer.write(packPrefix({ headerBytes: header.length, fileBytes }));
      await writer.write(header);
      for (const [, { data }] of tensors) {
        await writer.write(new Uint8Array(align(writer.position) - writer.position));
        await writer.write(bytesOf(data));
      }
      await writer.write(writer.digest());
    });
  } catch (error) {
    throw new Error(`Cannot save "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Refuses a path to which {@linkcode writeCheckpoint} could not write, by creating and removing a file beside it.
 *
 * @throws {Error} then
 */
export async function requireSavable(path: string): Promise<void> {
  try {
    await tryToReplace(path);
  } catch (error) {
    throw new Error(`Cannot save "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Reads a checkpoint and verifies its checksum. Tensors are read straight into their arrays.
 *
 * @throws {SyntaxError} when the file is not a checkpoint, is truncated or damaged
 * @throws {RangeError} when the file has another format version
 * @throws {Error} when the file cannot be read
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  return await readOrMap(path, undefined);
}

/**
 * Verifies the checksum of a checkpoint and returns its tensors as views of the file, which take no memory that the system
 * cannot take back. The file must not change as long as they are used.
 *
 * @param map returns the bytes of the file
 * @throws {Error} as {@linkcode readCheckpoint} does
 */
export async function mapCheckpoint(path: string, map: (path: string) => ArrayBuffer): Promise<Checkpoint> {
  return await readOrMap(path, map);
}

async function readOrMap(path: string, map: ((path: string) => ArrayBuffer) | undefined): Promise<Checkpoint> {
  requireLittleEndian();
  try {
    using file = await Deno.open(path);
    return await readContent(file, map && (() => map(path)));
  } catch (error) {
    const message = `Cannot load "${path}": ${messageOf(error)}`;
    if (error instanceof SyntaxError) throw new SyntaxError(message, { cause: error });
    if (error instanceof RangeError) throw new RangeError(message, { cause: error });
    throw new Error(message, { cause: error });
  }
}

async function readContent(file: Deno.FsFile, map: (() => ArrayBuffer) | undefined): Promise<Checkpoint> {
  const { size } = await file.stat();
  const reader = new HashingReader(file);
  const prefix = parsePrefix(await reader.read(new Uint8Array(Math.min(size, PREFIX_BYTES))));
  if (size !== prefix.fileBytes) {
    const state = size < prefix.fileBytes ? "truncated" : "longer than its content";
    throw new SyntaxError(`file is ${state}, expected ${prefix.fileBytes} bytes, received ${size}`);
  }
  if (prefix.headerBytes > size) {
    throw new SyntaxError(`header is damaged, received ${prefix.headerBytes} bytes of header in a file of ${size}`);
  }
  const { header, tensors: entries } = decodeHeader(await reader.read(new Uint8Array(prefix.headerBytes)));
  // Checked before anything is allocated: a damaged shape must not ask for more memory than the file can fill.
  const expectedBytes = countFileBytes(prefix.headerBytes, entries.map(countTensorBytes));
  if (size !== expectedBytes) {
    throw new SyntaxError(`header is damaged, received tensors of a file of ${expectedBytes} bytes in one of ${size}`);
  }
  const mapped = map?.();
  const tensors: [string, CheckpointTensor][] = [];
  for (const entry of entries) {
    await reader.read(new Uint8Array(align(reader.position) - reader.position));
    const data = mapped ? viewTensor(entry, mapped, reader.position) : allocateTensor(entry);
    if (mapped) await reader.pass(data.byteLength);
    else await reader.read(bytesOf(data));
    tensors.push([entry.name, { shape: entry.shape, data }]);
  }
  const received = toHex(reader.digest());
  const expected = toHex(await reader.read(new Uint8Array(DIGEST_BYTES)));
  if (received !== expected) {
    throw new SyntaxError(`checksum does not match, expected ${expected}, received ${received}`);
  }
  return { header, tensors: Object.fromEntries(tensors) };
}

function encodeHeader(path: string, header: Checkpoint["header"], tensors: [string, CheckpointTensor][]): Uint8Array {
  try {
    const entries = tensors.map(([name, { shape, data }]) => ({ ...describeTensor(name, shape, data) }));
    const body = `"header":${canonicalJson(header, "header")},"tensors":${canonicalJson(entries, "tensors")}`;
    return new TextEncoder().encode(`{${body}}`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError(`Cannot save "${path}": ${error.message}`, { cause: error });
  }
}

function decodeHeader(bytes: Uint8Array): { header: Checkpoint["header"]; tensors: TensorEntry[] } {
  let parsed;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SyntaxError(`header is damaged, received text that is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (typeof parsed?.header !== "object" || !Array.isArray(parsed.tensors)) {
    throw new SyntaxError("header is damaged, received JSON without header and tensors");
  }
  return parsed;
}

/** Appends bytes to a file and to a digest. */
class HashingWriter {
  position = 0;
  readonly #file: Deno.FsFile;
  readonly #hash: Hash = createHash("sha256");

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      const chunk = bytes.subarray(start, start + CHUNK_BYTES);
      this.#hash.update(chunk);
      for (let done = 0; done < chunk.length;) done += await this.#file.write(chunk.subarray(done));
    }
    this.position += bytes.length;
  }

  /** Digests what was written so far; what follows no longer counts. */
  digest(): Uint8Array {
    return this.#hash.copy().digest();
  }
}

/** Reads bytes of a file in order and digests them. */
class HashingReader {
  position = 0;
  readonly #file: Deno.FsFile;
  readonly #hash: Hash = createHash("sha256");

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Fills `bytes` and returns it. */
  async read(bytes: Uint8Array): Promise<Uint8Array> {
    for (let start = 0; start < bytes.length;) {
      const chunk = bytes.subarray(start, start + CHUNK_BYTES);
      const count = await this.#file.read(chunk);
      if (count === null) throw new SyntaxError(`file is truncated, received its end at byte ${this.position + start}`);
      this.#hash.update(chunk.subarray(0, count));
      start += count;
    }
    this.position += bytes.length;
    return bytes;
  }

  /** Reads so many bytes and keeps none. */
  async pass(bytes: number): Promise<void> {
    const chunk = new Uint8Array(Math.min(bytes, CHUNK_BYTES));
    for (let left = bytes; left > 0; left -= chunk.length) {
      await this.read(chunk.subarray(0, Math.min(left, chunk.length)));
    }
  }

  /** Digests what was read so far. */
  digest(): Uint8Array {
    return this.#hash.copy().digest();
  }
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function requireLittleEndian(): void {
  if (new Uint8Array(new Uint32Array([ALIGNMENT]).buffer)[0] !== ALIGNMENT) {
    throw new Error("Cannot use checkpoints: the processor must be little-endian, received a big-endian one");
  }
}
