/**
 * Threads that turn parts of a file into cells while this one stores those of the parts before.
 *
 * @module
 */
import type { ToThread } from "./answering.ts";
import type { ReceivedTexts } from "./cells.ts";
import { type DataThreadPort, type DataThreadWork, startDataThread } from "../../host/mod.ts";

/** Columns for each thread at least: what each does for all columns alike takes as long as reading some. */
const LEAST_COLUMNS = 4;

/** Threads at most: so many read faster than one stores. */
const MOST_THREADS = 8;

/** This thread's side of one that answers what it is asked, one after the other. */
export class AskedThread<Setup, Work, Answer> {
  readonly #port: DataThreadPort;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  /** How many questions it has answered; what it posts comes later, when this thread has nothing else to do. */
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  #asked = 0;
  #isReady = false;

  private constructor(port: DataThreadPort) {
    this.#port = port;
    port.postMessage({ answered: this.#answered } satisfies ToThread<Setup, Work>);
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

  /** Starts a thread where the host has them. */
  static start<Setup, Work, Answer>(work: DataThreadWork): AskedThread<Setup, Work, Answer> | undefined {
    const port = startDataThread(work);
    return port && new AskedThread<Setup, Work, Answer>(port);
  }

  /** Whether it can answer. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** How many questions it was asked. */
  get asked(): number {
    return this.#asked;
  }

  /** How many of them it has answered. */
  get answered(): number {
    return Atomics.load(this.#answered, 0);
  }

  /** Tells it what it needs for what it is asked from now on. */
  tell(setup: Setup): void {
    this.#port.postMessage({ setup } satisfies ToThread<Setup, Work>);
  }

  /** Asks it. */
  ask(work: Work): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.push(waiting);
    this.#asked++;
    this.#port.postMessage({ work } satisfies ToThread<Setup, Work>);
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

/** A thread that reads some of the columns, and the texts that it has sent. */
export interface ColumnsThread<Setup, Work, Answer> {
  readonly thread: AskedThread<Setup, Work, Answer>;
  readonly texts: ReceivedTexts;
}

/** Asks all threads the same. Answers are unpacked as they come, since each has the texts that are new since the one before. */
export function askAll<Setup, Work, Answer, T>(
  threads: readonly ColumnsThread<Setup, Work, Answer>[],
  work: Work,
  unpack: (answer: Answer, texts: ReceivedTexts) => T,
): Promise<T[]> {
  const answers = Promise.all(threads.map(async ({ thread, texts }) => unpack(await thread.ask(work), texts)));
  // Who stops reading waits for no more answers.
  answers.catch(() => {});
  return answers;
}

/** Returns how many threads read so many columns: as many as the machine has cores for beside this one. */
export function threadCount(columns: number): number {
  const most = Math.ceil(columns / LEAST_COLUMNS);
  return Math.min(Math.max(1, navigator.hardwareConcurrency - 1), MOST_THREADS, most);
}

/**
 * Deals columns to threads, at most one thread to a column.
 *
 * @param columns positions, those that take longest first
 * @returns positions for each thread
 */
export function dealColumns(columns: readonly number[], threads: number): ReadonlySet<number>[] {
  const count = Math.min(threads, columns.length);
  return Array.from({ length: count }, (_, t) => new Set(columns.filter((_, i) => i % count === t)));
}
