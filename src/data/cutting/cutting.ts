/**
 * Cutting a text into cells, in this thread at first and in others beside it once the text is long: they cut lines while
 * rows of the lines before are stored here.
 *
 * @module
 */
import { type CutterThread, startCutter } from "../../host/mod.ts";
import { PACKED_BYTES } from "../byte_table.ts";
import { CellCutter, type ColumnCells, type CutLines, type CutSetup, type Uncut } from "../cell_blocks.ts";
import type { CutAnswer, FromCutter } from "./messages.ts";

/** Bytes of a text that are cut before threads are started: shorter ones are cut before they are there. */
const LONG_BYTES = 1 << 23;

/** Columns for each thread at least: each finds the ends of all cells, which takes as long as reading some columns. */
const LEAST_COLUMNS = 4;

/** Threads at most: so many cut faster than one stores. */
const MOST_THREADS = 8;

/** Blocks that are handed to the threads before the first of them is needed. */
const AHEAD = 4;

/** Lines, and what they were cut into. */
export interface CutBlock {
  /** The lines in UTF-8, each with the `\n` that ends it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Their cells, or why they could not be cut. */
  readonly cut: CutLines | Uncut;
}

/** Cuts the blocks of a text. */
export class Cutting implements Disposable {
  readonly #setup: CutSetup;
  readonly #longBytes: number;
  readonly #cutter: CellCutter;
  #threads: readonly CuttingThread[] | undefined;
  #bytes = 0;

  /**
   * Cuts nothing yet.
   *
   * @param longBytes bytes after which threads are started
   */
  constructor(setup: CutSetup, longBytes: number = LONG_BYTES) {
    this.#setup = setup;
    this.#longBytes = longBytes;
    this.#cutter = new CellCutter(setup);
  }

  /** Number of blocks that it pays to hand in before the first of them is needed: none while they are cut here. */
  get ahead(): number {
    return this.#isBeside() ? AHEAD : 0;
  }

  /**
   * Takes a block. What it returns is to be called for one block after the other, and the cells of each block are to be
   * gone through before those of the next one.
   */
  cut(bytes: Uint8Array<ArrayBuffer>): () => CutBlock | Promise<CutBlock> {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#longBytes) this.#threads ??= startThreads(this.#setup);
    if (!this.#isBeside()) return () => ({ bytes, cut: this.#cutter.cut(bytes) });
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + PACKED_BYTES)).subarray(0, bytes.length);
    shared.set(bytes);
    const answers = this.#threads!.map((thread) => ({ thread, answer: thread.cut(shared) }));
    return async () => {
      const cuts = await Promise.all(answers.map(async ({ thread, answer }) => thread.unpack(await answer)));
      return { bytes, cut: cuts.reduce(joinColumns) };
    };
  }

  /** Whether blocks are cut in threads of their own by now. */
  #isBeside(): boolean {
    return this.#threads !== undefined && this.#threads.length > 0 && this.#threads.every(({ isReady }) => isReady);
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const thread of this.#threads ?? []) thread.end();
  }
}

/**
 * Starts threads, each of which reads some of the columns, so that each text is known to one of them alone; none where the
 * host has no threads.
 */
function startThreads(setup: CutSetup): CuttingThread[] {
  const [numbers, texts] = [[...setup.numbers.keys()], [...setup.wanted].filter((c) => !setup.numbers.has(c))];
  const columns = [...texts, ...numbers];
  const most = Math.ceil(columns.length / LEAST_COLUMNS);
  const count = Math.min(Math.max(1, navigator.hardwareConcurrency - 1), MOST_THREADS, most);
  const threads: CuttingThread[] = [];
  for (let t = 0; t < count; t++) {
    // Columns of texts, which take longer than those of numbers, are dealt first.
    const wanted = new Set(columns.filter((_, i) => i % count === t));
    const own = new Map([...setup.numbers].filter(([position]) => wanted.has(position)));
    const thread = CuttingThread.start({ ...setup, wanted, numbers: own });
    if (thread) threads.push(thread);
  }
  return threads;
}

/** Joins what two threads have cut the same lines into. */
function joinColumns(a: CutLines | Uncut, b: CutLines | Uncut): CutLines | Uncut {
  if (typeof a === "string" || typeof b === "string") return a;
  return { ...a, columns: a.columns.map((cells, c) => cells ?? b.columns[c]) };
}

/** This thread's side of one that cuts. */
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
  cut(bytes: Uint8Array): Promise<CutAnswer> {
    const waiting = Promise.withResolvers<CutAnswer>();
    // Who stops reading asks for no more answers.
    waiting.promise.catch(() => {});
    this.#waiting.push(waiting);
    this.#port.postMessage(bytes);
    return waiting.promise;
  }

  /** Returns what a block was cut into; to be called in the order of the blocks. */
  unpack({ cut, texts }: CutAnswer): CutLines | Uncut {
    texts.forEach((gained, c) => {
      if (gained?.beginsAgain) this.#texts[c] = [];
      for (const text of gained?.texts ?? []) this.#texts[c].push(text);
    });
    if (typeof cut === "string") return cut;
    const columns = cut.columns.map((cells, c): ColumnCells | undefined =>
      cells && "codes" in cells ? { texts: this.#texts[c], codes: cells.codes } : cells
    );
    return { ...cut, columns };
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
