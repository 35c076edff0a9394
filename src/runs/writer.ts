/**
 * Writing the folder of a training run, so that whatever stops the process leaves it readable.
 *
 * @module
 */
import { type AppendedFile, openRunFiles, type RunFiles } from "../host/mod.ts";
import { formatEvent, parseEvents, type RunEvent } from "./events.ts";
import { formatRunInfo, parseRunInfo, RUN_FILES, type RunInfo } from "./info.ts";

const encoder = new TextEncoder();

/**
 * Reads what a folder says about its run, and refuses to start another one in it, or to go on with one that is over.
 *
 * @param text what `run.json` holds; nothing when there is none. No process writes to the folder.
 * @throws {Error} when the folder holds a run already, or to go on: none or a finished one
 * @throws {SyntaxError | TypeError | RangeError} when the file is damaged or of another version
 */
export function requireRunState(folder: string, text: string | undefined, isContinued: boolean): RunInfo | undefined {
  const info = text === undefined ? undefined : parseRunInfo(`${folder}/${RUN_FILES.info}`, text);
  if (isContinued) {
    if (info && info.state !== "finished") return info;
    const received = info ? "a finished one" : "none";
    throw new Error(`Cannot go on with a run in "${folder}": it must hold an unfinished one, received ${received}`);
  }
  if (!info) return undefined;
  const hint = info.state === "finished" ? "" : "; continue (--continue) goes on with it";
  const received = {
    running: "an interrupted",
    interrupted: "an interrupted",
    finished: "a finished",
    failed: "a failed",
  };
  throw new Error(`Cannot start a run in "${folder}": it must hold none, received ${received[info.state]} one${hint}`);
}

/** Writes `run.json` and `metrics.jsonl` of a folder that no other process writes to. */
export class RunWriter implements AsyncDisposable {
  /** The folder. */
  readonly folder: string;
  /** The folder's files. */
  readonly files: RunFiles;
  #info: RunInfo;
  #lines: AppendedFile | undefined;
  #events: RunEvent[];
  #ends: number[];
  /** Writing `run.json`, while that goes on. */
  #writing: Promise<void> | undefined;
  /** Whether `run.json` is older than what is known. */
  #isStale = false;
  #failure: { readonly error: unknown } | undefined;

  private constructor(folder: string, files: RunFiles, info: RunInfo, events: RunEvent[], ends: number[]) {
    this.folder = folder;
    this.files = files;
    this.#info = info;
    this.#events = events;
    this.#ends = ends;
  }

  /**
   * Starts a run in a folder, which is created where there is none.
   *
   * @throws {Error} when it holds a run already, cannot be written, or another process writes to it
   */
  static async start(folder: string, info: RunInfo): Promise<RunWriter> {
    return await RunWriter.#open(folder, async (files) => {
      requireRunState(folder, await files.read(RUN_FILES.info), false);
      const writer = new RunWriter(folder, files, info, [], []);
      await writer.#begin();
      return writer;
    });
  }

  /**
   * Goes on with the run of a folder.
   *
   * @throws {Error} when it holds none or a finished one, cannot be written, or another process writes to it
   * @throws {SyntaxError | TypeError | RangeError} when a file is damaged or of another version
   */
  static async resume(folder: string): Promise<RunWriter> {
    return await RunWriter.#open(folder, async (files) => {
      const info = requireRunState(folder, await files.read(RUN_FILES.info), true)!;
      const { events, ends } = parseEvents(
        `${folder}/${RUN_FILES.metrics}`,
        await files.read(RUN_FILES.metrics) ?? "",
      );
      const { ended: _, error: __, ...rest } = info;
      const writer = new RunWriter(folder, files, { ...rest, state: "running" }, [...events], [...ends]);
      await writer.#begin();
      return writer;
    });
  }

  /** Opens the folder; it is closed again where `body` fails. */
  static async #open(folder: string, body: (files: RunFiles) => Promise<RunWriter>): Promise<RunWriter> {
    const files = await openRunFiles(folder);
    try {
      return await body(files);
    } catch (error) {
      files[Symbol.dispose]();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    this.#lines = await this.files.open(RUN_FILES.metrics);
    // A line that a killed writer left without its end.
    this.#lines.cut(this.#ends.at(-1) ?? 0);
    await this.files.replace(RUN_FILES.info, formatRunInfo(this.#info));
  }

  /** What the run is and how far it came. */
  get info(): RunInfo {
    return this.#info;
  }

  /** What happened so far, in order. */
  get events(): readonly RunEvent[] {
    return this.#events;
  }

  /** Changes what `run.json` says; the file follows as fast as it can be written, by {@linkcode RunWriter.flush} at last. */
  update(change: Partial<RunInfo>): void {
    this.#info = { ...this.#info, ...change };
    this.#isStale = true;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#isStale && !this.#failure) {
      this.#isStale = false;
      try {
        await this.files.replace(RUN_FILES.info, formatRunInfo(this.#info));
      } catch (error) {
        this.#failure = { error };
      }
    }
    this.#writing = undefined;
  }

  /**
   * Waits until `run.json` says what it was told.
   *
   * @throws {Error} when it could not be written
   */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Appends a line to `metrics.jsonl`, which is there when this returns. An evaluation is on the disk then, as the checkpoint
   * behind it will be.
   *
   * @throws {Error} when it cannot be written
   */
  append(event: RunEvent): void {
    const bytes = encoder.encode(formatEvent(event));
    this.#lines!.append(bytes);
    if (event.kind !== "step") this.#lines!.sync();
    this.#events.push(event);
    this.#ends.push((this.#ends.at(-1) ?? 0) + bytes.length);
  }

  /**
   * Drops what happened after a step: a resumed training does it again.
   *
   * @param step the steps behind the checkpoint
   */
  dropAfter(step: number): void {
    const first = this.#events.findIndex((event) => event.kind === "test" || event.step > step);
    if (first < 0) return;
    this.#events.length = this.#ends.length = first;
    this.#lines!.cut(this.#ends.at(-1) ?? 0);
  }

  /** Writes what is pending, and lets other processes write to the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#lines?.[Symbol.dispose]();
      this.files[Symbol.dispose]();
    }
  }
}
