/**
 * Memory that the system keeps in files: it takes from a process what it needs for others, and gives it back from there.
 *
 * @module
 */

import type { MappedBytes } from "./scratch_types.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "usize"], result: "i32" },
  madvise: { parameters: ["pointer", "usize", "i32"], result: "i32" },
} as const;

/** The system's library of C, by operating system. */
const LIBRARIES: Readonly<Record<string, string>> = { linux: "libc.so.6", darwin: "libSystem.B.dylib" };

// Numbers that Linux and macOS share.
const [READ_ONLY, READ_WRITE] = [0, 2];
const [MAY_READ, MAY_WRITE] = [1, 2];
const SHARED = 1;
const DO_NOT_NEED = 4;

type Library = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let library: Library | undefined;

/** Unmaps memory that nobody holds any longer. */
const unmapped = new FinalizationRegistry<{ readonly address: bigint; readonly bytes: number }>(
  ({ address, bytes }) => {
    library!.munmap(Deno.UnsafePointer.create(address), BigInt(bytes));
  },
);

/**
 * Makes memory of zeros that lives in a file of a folder. The file has no name, so that it is gone with the memory.
 *
 * @throws {Error} when the system has no such memory, or the disk is full
 */
export function allocateScratch(folder: string | undefined, bytes: number): MappedBytes {
  const path = Deno.makeTempFileSync({ dir: folder, prefix: "weft-", suffix: ".scratch" });
  try {
    Deno.truncateSync(path, bytes);
    return map(path, bytes, true);
  } finally {
    Deno.removeSync(path);
  }
}

/**
 * Maps the bytes of a file, to be read.
 *
 * @throws {Error} when the system has no such memory, or the file cannot be opened
 */
export function mapFile(path: string): MappedBytes {
  return map(path, Deno.statSync(path).size, false);
}

function map(path: string, bytes: number, writes: boolean): MappedBytes {
  const { open, close, mmap, madvise } = load();
  const file = open(new TextEncoder().encode(`${path}\0`), writes ? READ_WRITE : READ_ONLY);
  if (file < 0) throw new Error(`Cannot map "${path}": it must be a file that can be opened`);
  const pointer = mmap(null, BigInt(bytes), writes ? MAY_READ | MAY_WRITE : MAY_READ, SHARED, file, 0n);
  close(file);
  // What a failed call returns: the address -1.
  if (pointer === null || Deno.UnsafePointer.value(pointer) === 2n ** 64n - 1n) {
    throw new Error(`Cannot map "${path}": the system gave no addresses for ${bytes} bytes`);
  }
  const buffer = Deno.UnsafePointerView.getArrayBuffer(pointer, bytes);
  unmapped.register(buffer, { address: BigInt(Deno.UnsafePointer.value(pointer)), bytes });
  return { buffer, release: () => void madvise(pointer, BigInt(bytes), DO_NOT_NEED) };
}

function load(): Library {
  const name = LIBRARIES[Deno.build.os];
  if (name === undefined) {
    throw new Error(`Cannot keep rows in a file: the system must be Linux or macOS, received ${Deno.build.os}`);
  }
  return library ??= Deno.dlopen(name, SYMBOLS).symbols;
}

/** Returns the bytes of memory that the process has. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}
