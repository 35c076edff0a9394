/**
 * Cutting a text into cells, in this thread at first and in one beside it once the text is long: there lines are cut while
 * rows of the lines before are stored here.
 *
 * @module
 */
import { type CutterThread, startCutter } from "../../host/mod.ts";
import { type CellBlock, CellCutter, type OddLine } from "../cell_blocks.ts";
import type { ByteBlock } from "../source.ts";
import type { CutAnswer, CutSetup, CutTask, FromCutter } from "./messages.ts";

/** Rows of a block, and lines between them that are none. */
export type CutParts = Iterable<CellBlock | OddLine>;

/** Bytes of a text that are cut before a thread is started: shorter ones are cut before it is there. */
const LONG_BYTES = 1 << 23;

/** Cuts the blocks of a text. */
export class Cutting implements Disposable {
  readonly #setup: CutSetup;
  readonly #longBytes: number;
  readonly #cutter: CellCutter;
  #bytes = 0;
  #thread: CuttingThread | undefined;
  #hasStarted = false;

  /**
   * Cuts nothing yet.
   *
   * @param longBytes bytes after which a thread is started
   */
  constructor(setup: CutSetup, longBytes: number = LONG_BYTES) {
    this.#setup = setup;
    this.#longBytes = longBytes;
    this.#cutter = new CellCutter(setup.width, setup.delimiter, setup.wanted);
  }

  /** Whether blocks are cut in a thread of their own by now, so that it pays to hand in several of them ahead. */
  get isBeside(): boolean {
    return this.#thread?.isReady ?? false;
  }

  /**
   * Takes a block; what it returns is to be called for one block after the other, and each one's parts are to be gone
   * through before the next one's.
   */
  cut(block: ByteBlock): () => CutParts | Promise<CutParts> {
    this.#bytes += block.bytes.length;
    if (!this.#hasStarted && this.#bytes > this.#longBytes) {
      this.#hasStarted = true;
      this.#thread = CuttingThread.start(this.#setup);
    }
    if (!this.#thread?.isReady) return () => this.#cutter.cut(block);
    const { thread, answer } = { thread: this.#thread, answer: this.#thread.cut(block) };
    return async () => thread.unpack(await answer);
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#thread?.end();
  }
}

/** This thread's side of the one that cuts. */
class CuttingThread {
  readonly #port: CutterThread;
  readonly #waiting: PromiseWithResolvers<CutAnswer>[] = [];
  /** Texts of each column. */
  readonly #texts: string[][];
  #isReady = false;

  private constructor(port: CutterThread, { width }: CutSetup) {
    this.#port = port;
    this.#texts = Array.from({ length: width }, () => []);
    port.onmessage = ({ data }: MessageEvent<FromCutter>) => {
      if (data === "ready") this.#isReady = true;
      else this.#waiting.shift()!.resolve(data);
    };
    // One that cannot be loaded is never ready, and nothing waits for it.
    port.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
    port.onmessageerror = () => this.#fail("an answer cannot be read");
  }

  /** Starts a thread where the host has them. */
  static start(setup: CutSetup): CuttingThread | undefined {
    const port = startCutter();
    if (!port) return undefined;
    const thread = new CuttingThread(port, setup);
    port.postMessage(setup);
    return thread;
  }

  /** Whether it can cut. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Has it cut a block. */
  cut({ line, bytes }: ByteBlock): Promise<CutAnswer> {
    const waiting = Promise.withResolvers<CutAnswer>();
    // Who stops reading asks for no more answers.
    waiting.promise.catch(() => {});
    this.#waiting.push(waiting);
    this.#port.postMessage({ line, bytes } satisfies CutTask);
    return waiting.promise;
  }

  /** Returns the parts of a block; to be called in the order of the blocks. */
  unpack({ texts, parts }: CutAnswer): CutParts {
    texts.forEach((gained, c) => {
      if (gained?.beginsAgain) this.#texts[c] = [];
      for (const text of gained?.texts ?? []) this.#texts[c].push(text);
    });
    return parts.map((part) => {
      if ("cells" in part) return part;
      const columns = part.codes.map((codes, c) => codes && { texts: this.#texts[c], codes });
      return { rows: part.lines.length, lines: part.lines, columns };
    });
  }

  #fail(message: string): void {
    this.#isReady = false;
    for (const { reject } of this.#waiting) reject(new Error(`Cannot cut lines: ${message}`));
  }

  /** Ends it. */
  end(): void {
    this.#port.terminate();
  }
}
