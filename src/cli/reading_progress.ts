/**
 * How far the reading of data is: a line that is redrawn on a terminal, and one with the speed at the end.
 *
 * @module
 */
import type { ProgressStream } from "../progress.ts";
import { formatCount } from "./table.ts";

/** Milliseconds between two drawings. */
const DRAW_MS = 200;

/** Fewer rows are read too fast for a speed to say much. */
const TELLING_ROWS = 100_000;

/** Shows how many rows are read. */
export class ReadingProgress implements Disposable {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #startMs: number;
  #drawnMs: number;
  #isDrawn = false;

  /**
   * Begins to read.
   *
   * @param now clock in ms
   */
  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#startMs = this.#drawnMs = now();
  }

  /** Tells that so many rows are read. */
  update(rows: number): void {
    if (!this.#stream.isTTY || this.#now() - this.#drawnMs < DRAW_MS) return;
    this.#drawnMs = this.#now();
    this.#isDrawn = true;
    // Back to the start of the line, whose rest is cleared.
    this.#stream.write(`\r\x1b[K${this.#describe("reading", rows)}`);
  }

  /** Returns what to say when all rows are read and encoded; nothing about a few. */
  describeEnd(rows: number): string | undefined {
    return rows < TELLING_ROWS ? undefined : this.#describe("read", rows);
  }

  /** Removes the line. */
  [Symbol.dispose](): void {
    if (this.#isDrawn) this.#stream.write("\r\x1b[K");
    this.#isDrawn = false;
  }

  #describe(what: string, rows: number): string {
    const seconds = (this.#now() - this.#startMs) / 1000;
    const rate = seconds > 0 ? `, ${formatCount(Math.round(rows / seconds))} rows/s` : "";
    return `${what} ${formatCount(rows, "row")} in ${seconds.toFixed(1)} s${rate}`;
  }
}
