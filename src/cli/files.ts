/**
 * Writing text files whole.
 *
 * @module
 */
import { dirname } from "node:path";

/**
 * Writes text so that the path holds either the old file or the whole new one, whenever the process stops. A path that
 * is no ordinary file, such as a pipe, is written to directly.
 *
 * @throws {Error} when the file cannot be written; a file that was there is intact
 */
export async function writeWhole(path: string, parts: Iterable<string>): Promise<void> {
  const special = await isSpecial(path);
  const draft = special ? path : `${path}.${crypto.randomUUID()}.partial`;
  try {
    {
      using file = await Deno.open(draft, special ? { write: true } : { write: true, createNew: true });
      const encoder = new TextEncoder();
      for (const part of parts) {
        const bytes = encoder.encode(part);
        for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      }
      if (!special) await file.sync();
    }
    if (!special) await Deno.rename(draft, path);
  } catch (error) {
    if (!special) await removeIfThere(draft);
    throw new Error(`Cannot write "${path}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/**
 * Refuses a path that cannot be written later, before hours of work are spent on what belongs there.
 *
 * @throws {Error} when its folder does not exist or it is a folder itself
 */
export async function requireWritable(path: string): Promise<void> {
  const folder = await statIfThere(dirname(path));
  if (!folder?.isDirectory) throw new Error(`Cannot write "${path}": its folder must exist, received none`);
  if ((await statIfThere(path))?.isDirectory) {
    throw new Error(`Cannot write "${path}": it must be a file, not a folder`);
  }
}

async function isSpecial(path: string): Promise<boolean> {
  const info = await statIfThere(path);
  return info !== undefined && !info.isFile;
}

async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
