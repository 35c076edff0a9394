/**
 * The file of measured kernels, which all adapters and programs of a user share.
 *
 * @module
 */
import { dirname } from "node:path";
import { cacheFolder, mayFindCacheFolder } from "./cache_folder.ts";
import { replaceFile, statIfThere } from "./files.ts";
import type { Gpu } from "./gpu/device.ts";
import { kernelsOf } from "./kernels/set.ts";
import { adoptTuning, formatTuning, mergeTuning, parseTuning, type TunedKernels } from "./kernels/tuning.ts";
import { isGranted } from "./permission.ts";

/** Returns the file that is used where none is named. */
export function defaultTuningFile(): string {
  return `${cacheFolder()}/weft/tuning.json`;
}

/**
 * Lets a device choose the kernels that were measured on its adapter. A file that does not exist, or was written on other
 * adapters or by other versions, has none. Without the permissions to read the default file it is left alone.
 *
 * @param path the file; one in the user's folder for caches when absent
 * @returns how many kernel problems were measured
 * @throws {SyntaxError} when the file is damaged
 * @throws {Error} when it cannot be read
 */
export async function loadTuning(gpu: Gpu, path?: string): Promise<number> {
  if (path === undefined && !mayUseDefault("read")) return 0;
  return adoptTuning(kernelsOf(gpu), await readAll(path ?? defaultTuningFile()));
}

/**
 * Adds the kernels that a device chooses by measurement to the file, which is replaced whole. Without the permissions to
 * write the default file it is left alone, and the choices end with the process.
 *
 * @param path the file; one in the user's folder for caches when absent
 * @throws {SyntaxError} when the file is damaged
 * @throws {Error} when it cannot be written; a file that was there is intact
 */
export async function saveTuning(gpu: Gpu, path?: string): Promise<void> {
  if (path === undefined && !mayUseDefault("read", "write")) return;
  const file = path ?? defaultTuningFile();
  const text = formatTuning(mergeTuning(kernelsOf(gpu), await readAll(file)));
  try {
    if (path === undefined) await Deno.mkdir(dirname(file), { recursive: true });
    await replaceFile(file, async (writer) => {
      const bytes = new TextEncoder().encode(text);
      for (let done = 0; done < bytes.length;) done += await writer.write(bytes.subarray(done));
    });
  } catch (error) {
    throw new Error(`Cannot write tuning "${file}": ${(error as Error).message}`, { cause: error });
  }
}

function mayUseDefault(...permissions: readonly ("read" | "write")[]): boolean {
  if (!mayFindCacheFolder()) return false;
  const path = dirname(defaultTuningFile());
  return permissions.every((name) => isGranted({ name, path }));
}

async function readAll(path: string): Promise<readonly TunedKernels[]> {
  if (!(await statIfThere(path))) return [];
  const text = await Deno.readTextFile(path);
  try {
    return parseTuning(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read tuning "${path}": ${(error as Error).message}; delete it, and tune again`, {
      cause: error,
    });
  }
}
