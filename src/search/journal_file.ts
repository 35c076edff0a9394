/**
 * The journal of a search in a file, which one process writes to.
 *
 * @module
 */
import { type Journal, type JournalRecord, parseJournal } from "./records.ts";

/** A journal in a file, until it is disposed of. */
export interface JournalFile extends Journal, Disposable {
  /** Path of the file. */
  readonly path: string;
}

/**
 * Opens a journal, which is created where there is none. `optuna-dashboard FILE` shows it, also while it grows. The end
 * of a record that a killed process left without its line end is cut off. `FILE.writer` is locked meanwhile; the lock
 * ends with the process.
 *
 * @throws {SyntaxError} when a line is no record, naming it
 * @throws {Error} when the file cannot be written, or another process writes to it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tune } from "./tune.ts";
 *
 * const path = await Deno.makeTempFile({ suffix: ".log" });
 * for (const trials of [2, 5]) {
 *   using journal = openJournal(path);
 *   const found = await tune({
 *     space: { x: { uniform: [0, 1] } },
 *     objective: ({ params: { x } }) => x,
 *     journal,
 *     trials,
 *   });
 *   assert.equal(found.trials.length, trials);
 * }
 * ```
 */
export function openJournal(path: string): JournalFile {
  const lock = lockWriter(path);
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(path, { create: true, read: true, append: true });
    return new OpenJournal(path, file, lock);
  } catch (error) {
    file?.close();
    lock.close();
    throw error;
  }
}

function lockWriter(path: string): Deno.FsFile {
  const lock = Deno.openSync(`${path}.writer`, { create: true, write: true });
  if (lock.tryLockSync(true)) return lock;
  lock.close();
  throw new Error(`Cannot write "${path}": another process writes to it`);
}

class OpenJournal implements JournalFile {
  readonly path: string;
  readonly records: readonly JournalRecord[];
  readonly #file: Deno.FsFile;
  readonly #lock: Deno.FsFile;

  constructor(path: string, file: Deno.FsFile, lock: Deno.FsFile) {
    this.path = path;
    this.#file = file;
    this.#lock = lock;
    const bytes = Deno.readFileSync(path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) file.truncateSync(end);
    this.records = parseJournal(path, new TextDecoder().decode(bytes.subarray(0, end)));
  }

  append(records: readonly JournalRecord[]): void {
    const bytes = new TextEncoder().encode(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    this.#file.syncDataSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
    this.#lock.close();
  }
}
