/**
 * Files and folders by Deno.
 *
 * @module
 */
import type { ByteRanges, FileStamp, FolderEntry } from "./file_types.ts";

/** Bytes that are read at a time: the stream that a file brings reads 64 KiB, and waits as long for these. */
const READ_BYTES = 1 << 19;

/**
 * Opens a file for reading.
 *
 * @throws {Error} when it cannot be opened
 */
export async function openFile(path: string | URL): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const file = await Deno.open(path);
  return new ReadableStream({
    async pull(controller) {
      try {
        const bytes = new Uint8Array(READ_BYTES);
        const count = await file.read(bytes);
        if (count !== null) return controller.enqueue(bytes.subarray(0, count));
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  });
}

/**
 * Opens a file for reading at any place; nothing for a pipe or a device, which can only be read from its start.
 *
 * @throws {Error} when it cannot be opened
 */
export async function openRanges(path: string | URL): Promise<ByteRanges | undefined> {
  const { isFile, size } = await Deno.stat(path);
  if (!isFile) return undefined;
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      // Reads of several columns overlap, and a handle has one position.
      using file = await Deno.open(path);
      await file.seek(start, Deno.SeekMode.Start);
      const bytes = new Uint8Array(Math.max(0, end - start));
      for (let done = 0; done < bytes.length;) {
        const count = await file.read(bytes.subarray(done));
        if (count === null) throw new Error(`the file ends at byte ${start + done}, expected ${size}`);
        done += count;
      }
      return bytes.buffer;
    },
  };
}

/** Lists what is in a folder, links as what they lead to; nothing when the path is no folder. */
export async function readFolder(path: string): Promise<FolderEntry[] | undefined> {
  if (!(await statIfAny(path))?.isDirectory) return undefined;
  const entries: FolderEntry[] = [];
  for await (const { name, isSymlink, isDirectory } of Deno.readDir(path)) {
    const isFolder = isSymlink ? (await Deno.stat(`${path}/${name}`)).isDirectory : isDirectory;
    entries.push({ name, isFolder });
  }
  return entries;
}

/** Tells whether there is a file or a folder. */
export async function exists(path: string): Promise<boolean> {
  return await statIfAny(path) !== undefined;
}

/**
 * Returns what tells whether a file is the one that was there before; nothing for a pipe or a device.
 *
 * @throws {Error} when there is none
 */
export async function stampFile(path: string | URL): Promise<FileStamp | undefined> {
  const { isFile, size, mtime } = await Deno.stat(path);
  return isFile ? { path: await Deno.realPath(path), bytes: size, modified: mtime?.getTime() } : undefined;
}

/**
 * Makes a folder, and those above it, unless it is there.
 *
 * @throws {Error} when it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
}

/** Removes a file, unless it is gone already. */
export async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function statIfAny(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
