/**
 * Files that may be missing, and files that are replaced whole.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";

/** Returns what is known about a path, nothing when it does not exist. */
export async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Writes a file so that the path holds either the old one or the whole new one, whenever the process or the machine
 * stops: the bytes go to a temporary file in the same directory, are flushed to the disk, and only then take the name.
 * Temporary files that killed writers left behind are removed first.
 *
 * @param write writes the content
 * @throws {TypeError} when the path is no ordinary file
 * @throws {Error} when the file cannot be written; a file that was there is intact
 */
export async function replaceFile(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  let partial: string | undefined;
  try {
    await requireReplaceable(path);
    await removeAbandoned(path);
    const opened = await openPartial(path);
    using file = opened.file;
    partial = opened.partial;
    await write(file);
    await file.sync();
    await Deno.rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (partial) await removeIfThere(partial);
    throw error;
  }
}

/**
 * Refuses a path that {@linkcode replaceFile} could not replace, before hours of work are spent on what belongs there: it
 * creates a temporary file beside it, and removes it.
 *
 * @throws {TypeError} when the path is no ordinary file
 * @throws {Error} when its folder does not exist, is read-only, or may not be written
 */
export async function tryToReplace(path: string): Promise<void> {
  await requireReplaceable(path);
  const { file, partial } = await openPartial(path);
  file.close();
  await removeIfThere(partial);
}

/** Creates and locks a temporary file beside `path`. The lock ends with the handle, or with the process. */
async function openPartial(path: string): Promise<{ file: Deno.FsFile; partial: string }> {
  for (;;) {
    const partial = `${path}.${crypto.randomUUID()}.partial`;
    const file = await Deno.open(partial, { createNew: true, write: true });
    await file.lock(true);
    if ((await file.stat()).nlink !== 0) return { file, partial };
    // Another writer took the file for an abandoned one before it was locked.
    file.close();
  }
}

/** Throws when the path is a device, a pipe or a folder, which a rename would replace. */
async function requireReplaceable(path: string): Promise<void> {
  const known = await statIfThere(path);
  if (known && !known.isFile) throw new TypeError("the path must be an ordinary file");
}

/** Removes the temporary files of `path` whose writers are dead, which their free locks tell. */
async function removeAbandoned(path: string): Promise<void> {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (!isFile || !name.startsWith(prefix) || !/^[0-9a-f-]{36}\.partial$/.test(name.slice(prefix.length))) continue;
    await removeIfAbandoned(join(directory, name));
  }
}

async function removeIfAbandoned(partial: string): Promise<void> {
  try {
    using file = await Deno.open(partial, { write: true });
    // Removed while the lock is held, so that its writer, if it is just starting, sees that the file is gone.
    if (await file.tryLock(true)) await Deno.remove(partial);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes a file, where there is one. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Flushes the entry that a rename changed. Windows has no such call on directories. */
async function syncDirectory(directory: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(directory);
  await handle.sync();
}
