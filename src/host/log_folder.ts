/**
 * A folder of files of lines. The file that is written has a name of its own until it is finished, and a file whose writer
 * was killed is finished by the next one, without a last line that is torn.
 *
 * @module
 */
import { join } from "node:path";
import type { LineFile, LogFolder } from "./log_types.ts";

/** Ends the name of a finished file. */
export const LOG_SUFFIX = ".jsonl";
const PARTIAL_SUFFIX = `${LOG_SUFFIX}.partial`;
const LOCK = ".lock";
/** Bytes that are looked through at a time for the end of the last line. */
const BLOCK_BYTES = 1 << 16;
const LINE_END = 10;

/**
 * Opens a folder for its only writer, creates it where there is none, and finishes files that were left in it.
 *
 * @throws {Error} when it cannot be written, or another process writes to it
 */
export async function openLogFolder(path: string): Promise<LogFolder> {
  let lock: Deno.FsFile | undefined;
  try {
    await Deno.mkdir(path, { recursive: true });
    lock = await Deno.open(join(path, LOCK), { create: true, write: true });
    if (!await lock.tryLock(true)) throw new Error("another process writes to it");
    for await (const { name } of Deno.readDir(path)) if (name.endsWith(PARTIAL_SUFFIX)) await recover(path, name);
    return new Folder(path, lock);
  } catch (error) {
    lock?.close();
    throw new Error(`Cannot log to "${path}": ${(error as Error).message}`, { cause: error });
  }
}

class Folder implements LogFolder {
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  #files = 0;

  constructor(path: string, lock: Deno.FsFile) {
    this.#path = path;
    this.#lock = lock;
  }

  async create(): Promise<LineFile> {
    // Names sort by time; a colon is not allowed in names everywhere.
    const time = new Date().toISOString().replaceAll(":", "-");
    const name = `${time}-${String(this.#files++).padStart(6, "0")}`;
    const partial = join(this.#path, name + PARTIAL_SUFFIX);
    const file = await Deno.open(partial, { createNew: true, write: true, read: true });
    return new OpenFile(file, partial, join(this.#path, name + LOG_SUFFIX));
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }
}

class OpenFile implements LineFile {
  readonly #file: Deno.FsFile;
  readonly #partial: string;
  readonly #final: string;
  #bytes = 0;
  #isTorn = false;

  constructor(file: Deno.FsFile, partial: string, final: string) {
    this.#file = file;
    this.#partial = partial;
    this.#final = final;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(lines: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < lines.length;) done += await this.#file.write(lines.subarray(done));
    } catch (error) {
      await this.#cut();
      throw error;
    }
    this.#bytes += lines.length;
  }

  /** Takes off what a failed write left behind the last whole line. */
  async #cut(): Promise<void> {
    try {
      await this.#file.truncate(this.#bytes);
      await this.#file.seek(this.#bytes, Deno.SeekMode.Start);
    } catch {
      // The failure of the write itself is what is told.
      this.#isTorn = true;
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#file.sync();
    } finally {
      this.#file.close();
    }
    // Under this name, the next writer in the folder cuts it.
    if (this.#isTorn) return;
    await settle(this.#partial, this.#final, this.#bytes);
  }
}

/** Finishes a file that its writer could not, without what follows its last line. */
async function recover(folder: string, name: string): Promise<void> {
  const partial = join(folder, name);
  let bytes: number;
  {
    using file = await Deno.open(partial, { read: true, write: true });
    bytes = await endOfLines(file);
    await file.truncate(bytes);
    await file.sync();
  }
  await settle(partial, join(folder, name.slice(0, -PARTIAL_SUFFIX.length) + LOG_SUFFIX), bytes);
}

async function settle(partial: string, final: string, bytes: number): Promise<void> {
  if (bytes === 0) await Deno.remove(partial);
  else await Deno.rename(partial, final);
}

/** Returns where the last whole line of a file ends. */
async function endOfLines(file: Deno.FsFile): Promise<number> {
  const block = new Uint8Array(BLOCK_BYTES);
  for (let end = (await file.stat()).size; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    await file.seek(start, Deno.SeekMode.Start);
    let read = 0;
    while (read < end - start) {
      const count = await file.read(block.subarray(read, end - start));
      if (count === null) break;
      read += count;
    }
    const at = block.subarray(0, read).lastIndexOf(LINE_END);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
