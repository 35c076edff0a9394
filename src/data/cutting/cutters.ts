/**
 * What cuts the texts of one reading, however many files these are.
 *
 * @module
 */
import { AskedThread, type ColumnsThread, dealColumns, threadCount } from "../beside/asking.ts";
import { ReceivedTexts } from "../beside/cells.ts";
import { CellCutter, type CutSetup } from "../cell_blocks.ts";
import type { CutAnswer } from "./messages.ts";

/** A thread that cuts some of the columns. */
export type CuttingThread = ColumnsThread<CutSetup, Uint8Array, CutAnswer>;

/** Bytes of all texts that are cut before threads are started: fewer are cut before they are there. */
const LONG_BYTES = 1 << 23;

/** How a text is cut, by this thread and by others. */
interface Used {
  readonly key: string;
  readonly setup: CutSetup;
  readonly here: CellCutter;
  /** Absent until the threads are there. */
  beside?: readonly CuttingThread[];
}

/** A cutter of this thread, and threads that cut: texts of one file are known in the next that has the same columns. */
export class Cutters implements Disposable {
  readonly #longBytes: number;
  #threads: readonly AskedThread<CutSetup, Uint8Array, CutAnswer>[] | undefined;
  #bytes = 0;
  #used: Used | undefined;

  /**
   * Starts no thread yet.
   *
   * @param longBytes bytes after which threads are started
   */
  constructor(longBytes: number = LONG_BYTES) {
    this.#longBytes = longBytes;
  }

  /** Begins a text, and goes on with what the one before was cut by where both are cut alike. */
  use(setup: CutSetup): void {
    const { width, delimiter, quotes, wanted, numbers } = setup;
    const key = JSON.stringify([width, delimiter, quotes, [...wanted], [...numbers]]);
    if (this.#used?.key !== key) this.#used = { key, setup, here: new CellCutter(setup) };
  }

  /** Cuts in this thread. */
  get here(): CellCutter {
    return this.#used!.here;
  }

  /** Counts bytes that are to be cut, and starts threads where it pays. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#longBytes) this.#threads ??= startThreads(this.#used!.setup);
  }

  /** Threads, each of which cuts some of the columns, so that each text is known to one of them alone; none before all can. */
  get beside(): readonly CuttingThread[] {
    const threads = this.#threads;
    if (threads === undefined || threads.length === 0 || !threads.every(({ isReady }) => isReady)) return [];
    return this.#used!.beside ??= dealTo(threads, this.#used!.setup);
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const thread of this.#threads ?? []) thread.end();
  }
}

function startThreads({ wanted }: CutSetup): AskedThread<CutSetup, Uint8Array, CutAnswer>[] {
  return Array.from({ length: threadCount(wanted.size) }).flatMap(() => AskedThread.start("cutting") ?? []);
}

function dealTo(threads: readonly AskedThread<CutSetup, Uint8Array, CutAnswer>[], setup: CutSetup): CuttingThread[] {
  // Columns of texts, which take longer than those of numbers, come first.
  const texts = [...setup.wanted].filter((position) => !setup.numbers.has(position));
  return dealColumns([...texts, ...setup.numbers.keys()], threads.length).map((wanted, t) => {
    const numbers = new Map([...setup.numbers].filter(([position]) => wanted.has(position)));
    threads[t].tell({ ...setup, wanted, numbers });
    return { thread: threads[t], texts: new ReceivedTexts(setup.width) };
  });
}
