/**
 * A log of served rows with their scores, that labels can be joined to later.
 *
 * Requests never wait for it: they put their rows into a bounded queue, from which lines are made and written when nobody
 * waits for an answer. Rows that find the queue full are dropped and counted.
 *
 * @module
 */
import { formatText, formatValue } from "../data/format.ts";
import { type LineFile, type LogFolder, openLogFolder } from "../host/mod.ts";
import { unitOf } from "./digest.ts";
import { givenOf } from "./given.ts";
import type { GivenRows, RequestObserver, RequestSuccess, ServedModel } from "./served_model.ts";

/** Options of a log. */
export interface LogOptions {
  /** Folder of the log, for this server alone. */
  readonly folder: string;
  /** Share of the requests that are logged, chosen by their ids. @default {1} */
  readonly share?: number;
  /** Size at which a file is finished, in bytes. @default {67108864} */
  readonly maxFileBytes?: number;
  /** Age at which a file is finished, in ms. @default {3600000} */
  readonly maxFileMs?: number;
  /** Most rows that wait to be written; further ones are dropped. @default {100000} */
  readonly maxQueueRows?: number;
}

/** What became of rows. */
export interface LogCounts {
  /** Rows in the files. */
  readonly written: number;
  /** Rows that found the queue full, or could not be written until the end. */
  readonly dropped: number;
  /** Rows that wait. */
  readonly waiting: number;
}

/** A row of a request, as a line of the log has it. */
export interface LogLine {
  /** When the request was answered, in ISO 8601. */
  readonly time: string;
  /** What the request is called. */
  readonly id: string;
  /** Number of the row in the request. */
  readonly index: number;
  /** Name of the model. */
  readonly model: string;
  /** Version of the model. */
  readonly version: string;
  /** Score by task. */
  readonly scores: Readonly<Record<string, number>>;
  /** Columns as they were received. */
  readonly row: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly id: string;
  readonly rows: GivenRows["rows"];
  readonly scores: RequestSuccess["scores"];
  readonly model: Pick<ServedModel, "name" | "version" | "tasks">;
  readonly time: string;
}

/** Rows of which lines are made at a time, so that requests get their turn in between. */
const ROWS_AT_ONCE = 256;
/** Waits between attempts to write, in ms. */
const RETRY = { first: 1000, most: 30_000 };

/** Appends served rows to files in a folder. */
export class RequestLog implements RequestObserver, AsyncDisposable {
  readonly #folder: LogFolder;
  readonly #options: Required<LogOptions>;
  readonly #onError: (error: unknown) => void;
  readonly #queue: Waiting[] = [];
  readonly #closing = Promise.withResolvers<void>();
  #file: LineFile | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOld = false;
  #isClosing = false;
  #writing: Promise<void> | undefined;
  #retryMs = 0;
  #written = 0;
  #dropped = 0;
  #waiting = 0;

  private constructor(folder: LogFolder, options: Required<LogOptions>, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#options = options;
    this.#onError = onError;
  }

  /**
   * Opens the folder, and finishes files that a killed server left there.
   *
   * @param onError told when lines cannot be written, once until they can be again
   * @throws {RangeError} when an option is out of its range
   * @throws {Error} when the folder cannot be written, or another process writes to it
   */
  static async open(options: LogOptions, onError: (error: unknown) => void): Promise<RequestLog> {
    const checked = checkOptions(options);
    return new RequestLog(await openLogFolder(checked.folder), checked, onError);
  }

  /** What became of rows. */
  get counts(): LogCounts {
    return { written: this.#written, dropped: this.#dropped, waiting: this.#waiting };
  }

  /** Takes the rows of a request, if it is one of the share. */
  onSuccess({ name, version, tasks }: ServedModel, { data: { rows }, scores, given }: RequestSuccess): void {
    if (given?.id === undefined || this.#isClosing || !isChosen(given.id, this.#options.share)) return;
    if (this.#waiting + rows > this.#options.maxQueueRows) {
      this.#dropped += rows;
      return;
    }
    this.#waiting += rows;
    const time = new Date().toISOString();
    this.#queue.push({ id: given.id, rows: given.rows, scores, model: { name, version, tasks }, time });
    this.#wake();
  }

  /** Writes what waits, and finishes the file; what cannot be written is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closing.resolve();
    this.#wake();
    while (this.#writing) await this.#writing;
    this.#folder[Symbol.dispose]();
  }

  #wake(): void {
    this.#writing ??= this.#work();
  }

  async #work(): Promise<void> {
    // The request that came with the rows is answered first.
    await new Promise((resolve) => setTimeout(resolve));
    while (this.#queue.length > 0) {
      const entry = this.#queue.shift()!;
      const rows = entry.rows();
      for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
        const part = rows.slice(first, first + ROWS_AT_ONCE);
        await this.#write(encodeLines(entry, part, first), part.length);
        this.#waiting -= part.length;
      }
    }
    if (this.#isOld || this.#isClosing) await this.#finish();
    // Nothing is awaited between the last look at the queue and this line, where a file was not finished.
    this.#writing = undefined;
    if (this.#queue.length > 0) this.#wake();
  }

  /** Writes lines, again and again until it succeeds, and once more when the log is closed. */
  async #write(lines: Uint8Array, rows: number): Promise<void> {
    for (;;) {
      const isLastAttempt = this.#isClosing;
      try {
        this.#file ??= await this.#begin();
        await this.#file.write(lines);
        this.#written += rows;
        this.#retryMs = 0;
        break;
      } catch (error) {
        if (this.#retryMs === 0) this.#report(error);
        await this.#finish();
        if (isLastAttempt) {
          this.#dropped += rows;
          return;
        }
        this.#retryMs = Math.min(RETRY.most, Math.max(RETRY.first, 2 * this.#retryMs));
        await this.#pause(this.#retryMs);
      }
    }
    if (this.#isOld || this.#file.bytes >= this.#options.maxFileBytes) await this.#finish();
  }

  async #begin(): Promise<LineFile> {
    const file = await this.#folder.create();
    this.#isOld = false;
    this.#timer = setTimeout(() => {
      this.#isOld = true;
      this.#wake();
    }, this.#options.maxFileMs);
    return file;
  }

  async #finish(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#isOld = false;
    clearTimeout(this.#timer);
    try {
      await file?.finish();
    } catch (error) {
      this.#report(error);
    }
  }

  /** Waits; no longer than until the log is closed. */
  async #pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    await Promise.race([over.promise, this.#closing.promise]);
    clearTimeout(timer);
  }

  #report(error: unknown): void {
    const { message } = error as Error;
    this.#onError(new Error(`Cannot log to "${this.#options.folder}": ${message}`, { cause: error }));
  }
}

function encodeLines(
  { id, scores: byTask, model, time }: Waiting,
  rows: readonly unknown[],
  first: number,
): Uint8Array {
  const lines = rows.map((row, i) => {
    const index = first + i;
    const scores = Object.fromEntries(model.tasks.map((task, t) => [task, byTask[t].scores[index]]));
    const { name, version } = model;
    return `${JSON.stringify({ time, id, index, model: name, version, scores, row })}\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}

/**
 * Tells whether a request is one of a share of all, by a digest of its id, so that servers beside each other choose the
 * same ones.
 */
export function isChosen(id: string, share: number): boolean {
  if (share >= 1) return true;
  return unitOf(Array.from({ length: id.length }, (_, i) => id.charCodeAt(i))) < share;
}

function checkOptions(options: LogOptions): Required<LogOptions> {
  const given = givenOf(options);
  const sizes = { maxFileBytes: 1 << 26, maxFileMs: 3_600_000, maxQueueRows: 100_000 };
  const checked = { share: 1, ...sizes, ...given } as Required<LogOptions>;
  if (typeof checked.folder !== "string" || checked.folder === "") {
    throw new RangeError(`Cannot log: folder must be a path, received ${formatText(String(checked.folder))}`);
  }
  const { share } = checked;
  if (!(share > 0 && share <= 1)) {
    throw new RangeError(`Cannot log: share must be above 0 and at most 1, received ${formatValue(share)}`);
  }
  for (const name of Object.keys(sizes) as (keyof typeof sizes)[]) {
    if (checked[name] > 0 && Number.isFinite(checked[name])) continue;
    throw new RangeError(`Cannot log: ${name} must be above 0, received ${formatValue(checked[name])}`);
  }
  return checked;
}
