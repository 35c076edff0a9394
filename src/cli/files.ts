/**
 * Writing files whole.
 *
 * @module
 */
import { dirname } from "node:path";
import { replaceFile, statIfThere, tryToReplace } from "../files.ts";

/**
 * Writes text or bytes so that the path holds either the old file or the whole new one, whenever the process stops. A
 * path that is no ordinary file, such as a pipe, is written to directly.
 *
 * @throws {Error} when the file cannot be written, or what the content throws; a file that was there is intact
 */
export async function writeWhole(
  path: string,
  parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  async function* content(): AsyncGenerator<string | Uint8Array> {
    try {
      yield* parts;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  const write = async (file: Deno.FsFile): Promise<void> => {
    const encoder = new TextEncoder();
    for await (const part of content()) {
      const bytes = typeof part === "string" ? encoder.encode(part) : part;
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    }
  };
  try {
    const known = await statIfThere(path);
    if (known && !known.isFile) {
      using file = await Deno.open(path, { write: true });
      await write(file);
    } else await replaceFile(path, write);
  } catch (error) {
    if (failure) throw failure.error;
    throw new Error(`Cannot write "${path}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/**
 * Refuses a path that cannot be written later, before hours of work are spent on what belongs there: a temporary file is
 * created beside it and removed. A path that is no ordinary file, such as a pipe, is not tried.
 *
 * @throws {Error} when its folder does not exist, is read-only or may not be written, or it is a folder itself
 */
export async function requireWritable(path: string): Promise<void> {
  const folder = await statIfThere(dirname(path));
  if (!folder?.isDirectory) throw new Error(`Cannot write "${path}": its folder must exist, received none`);
  const known = await statIfThere(path);
  if (known?.isDirectory) throw new Error(`Cannot write "${path}": it must be a file, not a folder`);
  if (known && !known.isFile) return;
  try {
    await tryToReplace(path);
  } catch (error) {
    throw new Error(`Cannot write "${path}": ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
