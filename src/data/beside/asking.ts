/**
 * Threads that turn parts of a file into cells while this one stores those of the parts before.
 *
 * @module
 */
import { type DataThreadPort, type DataThreadWork, startDataThread } from "../../host/mod.ts";

/** Columns for each thread at least: what each does for all columns alike takes as long as reading some. */
const LEAST_COLUMNS = 4;

/** Threads at most: so many read faster than one stores. */
const MOST_THREADS = 8;

/** This thread's side of one that answers what it is asked, one after the other. */
export class AskedThread<Work, Answer> {
  readonly #port: DataThreadPort;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  #isReady = false;

  private constructor(port: DataThreadPort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<"ready" | Answer>) => {
      if (data === "ready") this.#isReady = true;
      else this.#waiting.shift()!.resolve(data as Answer);
    };
    // One that cannot be loaded is never ready, and nothing waits for it.
    port.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
    port.onmessageerror = () => this.#fail("an answer cannot be read");
  }

  /**
   * Starts a thread where the host has them.
   *
   * @param setup what it needs before it can answer
   */
  static start<Work, Answer>(work: DataThreadWork, setup: unknown): AskedThread<Work, Answer> | undefined {
    const port = startDataThread(work);
    if (!port) return undefined;
    const thread = new AskedThread<Work, Answer>(port);
    port.postMessage(setup);
    return thread;
  }

  /** Whether it can answer. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Asks it. */
  ask(work: Work): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    // Who stops reading asks for no more answers.
    waiting.promise.catch(() => {});
    this.#waiting.push(waiting);
    this.#port.postMessage(work);
    return waiting.promise;
  }

  #fail(message: string): void {
    this.#isReady = false;
    for (const { reject } of this.#waiting) reject(new Error(`Cannot read in a thread: ${message}`));
  }

  /** Ends it. */
  end(): void {
    this.#port.terminate();
  }
}

/**
 * Deals columns to as many threads as the machine has cores for beside this one.
 *
 * @param columns positions, those that take longest first
 * @returns positions for each thread
 */
export function dealColumns(columns: readonly number[]): ReadonlySet<number>[] {
  const most = Math.ceil(columns.length / LEAST_COLUMNS);
  const count = Math.min(Math.max(1, navigator.hardwareConcurrency - 1), MOST_THREADS, most);
  return Array.from({ length: count }, (_, t) => new Set(columns.filter((_, i) => i % count === t)));
}
