/**
 * The folder of a training run by Deno: one process writes to it, which a lock tells.
 *
 * @module
 */
import { join } from "node:path";
import { removeIfThere, replaceFile } from "../files.ts";
import type { AppendedFile, RunFiles } from "./run_types.ts";

const LOCK = ".lock";

/**
 * Opens a folder for its only writer, and creates it where there is none.
 *
 * @throws {Error} when it cannot be written, or another process writes to it
 */
export async function openRunFiles(path: string): Promise<RunFiles> {
  let lock: Deno.FsFile | undefined;
  try {
    await Deno.mkdir(path, { recursive: true });
    lock = await Deno.open(join(path, LOCK), { create: true, write: true });
    if (!await takeLock(lock)) throw new Error("another process writes to it");
    return new Files(path, lock);
  } catch (error) {
    lock?.close();
    throw new Error(`Cannot write run "${path}": ${(error as Error).message}`, { cause: error });
  }
}

/** Takes a lock; one that asks whether it is taken has it for a moment, so a few tries are made. */
async function takeLock(lock: Deno.FsFile): Promise<boolean> {
  for (let tries = 0; tries < 5; tries++) {
    if (await lock.tryLock(true)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Tells whether a process writes to the folder of a run. */
export async function isRunOpen(path: string): Promise<boolean> {
  try {
    using lock = await Deno.open(join(path, LOCK));
    return !await lock.tryLock(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Reads a file as text; nothing when there is none. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

class Files implements RunFiles {
  readonly #path: string;
  readonly #lock: Deno.FsFile;

  constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#path)) if (isFile && name !== LOCK) names.push(name);
    return names.sort();
  }

  read(name: string): Promise<string | undefined> {
    return readTextIfThere(join(this.#path, name));
  }

  async replace(name: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    await replaceFile(join(this.#path, name), async (file) => {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    });
  }

  async open(name: string): Promise<AppendedFile> {
    const file = await Deno.open(join(this.#path, name), { create: true, write: true });
    await file.seek(0, Deno.SeekMode.End);
    return {
      append: (more) => {
        for (let done = 0; done < more.length;) done += file.writeSync(more.subarray(done));
      },
      sync: () => file.syncDataSync(),
      cut: (bytes) => {
        file.truncateSync(bytes);
        file.seekSync(bytes, Deno.SeekMode.Start);
      },
      [Symbol.dispose]: () => file.close(),
    };
  }

  remove(name: string): Promise<void> {
    return removeIfThere(join(this.#path, name));
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }
}
