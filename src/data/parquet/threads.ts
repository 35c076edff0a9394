/**
 * Threads that read Parquet for one reading of files, however many these are.
 *
 * @module
 */
import { AskedThread, threadCount } from "../beside/asking.ts";
import type { ParquetAnswer, ParquetSetup, ParquetWork } from "./messages.ts";

/** One of the threads. */
export type ParquetThread = AskedThread<ParquetSetup, ParquetWork, ParquetAnswer>;

/** Cells of all files from which on threads are started: fewer are read before they are there. */
const LONG_CELLS = 2e6;

/** Threads that read columns of Parquet files. */
export class ParquetThreads implements Disposable {
  readonly #longCells: number;
  #threads: readonly ParquetThread[] | undefined;
  #cells = 0;
  #files = 0;

  /**
   * Starts none yet.
   *
   * @param longCells cells from which on threads are started
   */
  constructor(longCells: number = LONG_CELLS) {
    this.#longCells = longCells;
  }

  /** Counts the cells of a file that is to be read, and starts threads where it pays; returns the file's number. */
  begin(rows: number, columns: number): number {
    this.#cells += rows * columns;
    if (this.#cells >= this.#longCells) this.#threads ??= startThreads(columns);
    return this.#files++;
  }

  /** The threads, once all of them can answer; none before. */
  get ready(): readonly ParquetThread[] {
    return this.#threads?.every(({ isReady }) => isReady) ? this.#threads : [];
  }

  /** Ends them. */
  [Symbol.dispose](): void {
    for (const thread of this.#threads ?? []) thread.end();
  }
}

function startThreads(columns: number): ParquetThread[] {
  return Array.from({ length: threadCount(columns) }).flatMap(() => AskedThread.start("parquet") ?? []);
}
