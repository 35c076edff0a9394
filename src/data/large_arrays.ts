/**
 * The large arrays of data sets: in memory, or in files where the memory is limited.
 *
 * Arrays in files are those of memory to all who read and write them, so that a data set has the same bytes either way.
 * What they hold is written to the disk when the process has more memory than it may, and read from there again.
 *
 * @module
 */
import { allocateScratch, makeFolder, mapFile, type MappedBytes, residentBytes } from "../host/mod.ts";

/** Smaller arrays are not worth a file. */
const LARGE_BYTES = 1 << 20;

/** What a program takes that reads and trains, without any rows. */
const LEAST_BYTES = 256e6;

/** Milliseconds between two looks at the memory of the process, in which it maps some 30 MB of a file that the system has. */
const LOOK_MS = 1;

/** Share of the limit from which on memory is given back: between two looks the process takes more. */
const GIVEN_BACK = 0.7;

interface Limit {
  readonly bytes: number;
  readonly folder: string | undefined;
  /** What is in files; the arrays themselves are held by those who use them. */
  readonly mapped: Set<{ readonly buffer: WeakRef<ArrayBuffer>; readonly release: () => void }>;
  lookedMs: number;
}

let limit: Limit | undefined;

/**
 * Limits the memory of the process from here on: large arrays of data sets are made in files.
 *
 * @param bytes memory that the process is to have at most; what is no array of a data set is not under its control
 * @param folder folder of the files, which have no names; the system's folder of temporary files when absent
 * @throws {RangeError} when the limit is less than the program itself takes
 * @throws {Error} when the system cannot map files
 */
export async function limitMemory(bytes: number, folder?: string): Promise<void> {
  if (!(bytes >= LEAST_BYTES)) {
    throw new RangeError(`Cannot limit memory: it must be ${LEAST_BYTES} bytes at least, received ${bytes}`);
  }
  if (folder !== undefined) await makeFolder(folder);
  limit = { bytes, folder: folder ?? limit?.folder, mapped: limit?.mapped ?? new Set(), lookedMs: 0 };
  // Finds out whether it works before hours of work.
  makeU32(LARGE_BYTES / 4);
}

/** Whether the memory is limited. */
export function isLimited(): boolean {
  return limit !== undefined;
}

/** Makes an array of zeros. */
export function makeU32(length: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(allocate(4 * length));
}

/** Makes an array of zeros. */
export function makeF32(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(allocate(4 * length));
}

/** Makes an array of zeros. */
export function makeF64(length: number): Float64Array<ArrayBuffer> {
  return new Float64Array(allocate(8 * length));
}

/** Maps a file that is not to change, to be read within the limit. */
export function mapTracked(path: string): ArrayBuffer {
  return track(mapFile(path));
}

/** Gives memory back to the system where the process has more than it may. Asked for often, it looks now and then. */
export function keepWithinMemory(): void {
  if (limit === undefined || performance.now() - limit.lookedMs < LOOK_MS) return;
  limit.lookedMs = performance.now();
  if (residentBytes() <= GIVEN_BACK * limit.bytes) return;
  for (const each of limit.mapped) {
    if (each.buffer.deref()) each.release();
    else limit.mapped.delete(each);
  }
}

function allocate(bytes: number): ArrayBuffer {
  if (limit === undefined || bytes < LARGE_BYTES) return new ArrayBuffer(bytes);
  keepWithinMemory();
  return track(allocateScratch(limit.folder, bytes));
}

function track({ buffer, release }: MappedBytes): ArrayBuffer {
  limit?.mapped.add({ buffer: new WeakRef(buffer), release });
  return buffer;
}

/**
 * Reads a number of bytes such as `2GB`, `512MB` or `1.5 GiB`; nothing for another text.
 */
export function parseBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const isBinary = /ib$/i.test(text.trim());
  return Math.floor(Number(number) * (isBinary ? 1024 : 1000) ** ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase()));
}
