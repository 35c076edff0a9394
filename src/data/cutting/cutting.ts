/**
 * Cutting a text into cells, in this thread at first and in others beside it once the text is long: they cut lines while
 * rows of the lines before are stored here, and are helped where they take longer than that.
 *
 * @module
 */
import { askAll, AskedThread, type ColumnsThread, dealColumns, threadCount } from "../beside/asking.ts";
import { joinColumns, ReceivedTexts } from "../beside/cells.ts";
import { PACKED_BYTES } from "../byte_table.ts";
import { CellCutter, type CutLines, type CutSetup, type Uncut } from "../cell_blocks.ts";
import type { CutAnswer } from "./messages.ts";

/** Bytes of a text that are cut before threads are started: shorter ones are cut before they are there. */
const LONG_BYTES = 1 << 23;

/** Blocks that are taken before the first of them is needed. */
const AHEAD = 12;

/** Blocks that all threads have before them when this one cuts the next: it would only wait for them. */
const BUSY = 8;

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
    const isBusy = this.#threads?.every(({ thread }) => thread.waiting >= BUSY);
    if (!this.#isBeside() || isBusy) return () => ({ bytes, cut: this.#cutter.cut(bytes) });
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + PACKED_BYTES)).subarray(0, bytes.length);
    shared.set(bytes);
    const answers = askAll(this.#threads!, shared, unpack);
    return async () => ({ bytes, cut: (await answers()).reduce(joinCuts) });
  }

  /** Whether blocks are cut in threads of their own by now. */
  #isBeside(): boolean {
    return this.#threads !== undefined && this.#threads.length > 0 &&
      this.#threads.every(({ thread }) => thread.isReady);
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const { thread } of this.#threads ?? []) thread.end();
  }
}

/** A thread that cuts some of the columns. */
type CuttingThread = ColumnsThread<CutSetup, Uint8Array, CutAnswer>;

/**
 * Starts threads, each of which reads some of the columns, so that each text is known to one of them alone; none where the
 * host has no threads.
 */
function startThreads(setup: CutSetup): CuttingThread[] {
  // Columns of texts, which take longer than those of numbers, come first.
  const texts = [...setup.wanted].filter((position) => !setup.numbers.has(position));
  const positions = [...texts, ...setup.numbers.keys()];
  return dealColumns(positions, threadCount(positions.length)).flatMap((wanted) => {
    const numbers = new Map([...setup.numbers].filter(([position]) => wanted.has(position)));
    const thread = AskedThread.start<CutSetup, Uint8Array, CutAnswer>("cutting");
    thread?.tell({ ...setup, wanted, numbers });
    return thread ? [{ thread, texts: new ReceivedTexts(setup.width) }] : [];
  });
}

/** Returns what a thread has cut a block into; to be called in the order of the blocks. */
function unpack({ cut, cells }: CutAnswer, texts: ReceivedTexts): CutLines | Uncut {
  const columns = texts.unpack(cells);
  return typeof cut === "string" ? cut : { ...cut, columns };
}

/** Joins what two threads have cut the same lines into. */
function joinCuts(a: CutLines | Uncut, b: CutLines | Uncut): CutLines | Uncut {
  if (typeof a === "string" || typeof b === "string") return a;
  return { ...a, columns: joinColumns(a.columns, b.columns) };
}
