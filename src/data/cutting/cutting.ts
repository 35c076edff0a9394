/**
 * Cutting a text into cells, in this thread at first and in others beside it once the text is long: they cut lines while
 * rows of the lines before are stored here, and are helped where they take longer than that.
 *
 * @module
 */
import { askAll } from "../beside/asking.ts";
import { joinColumns, type ReceivedTexts } from "../beside/cells.ts";
import { PACKED_BYTES } from "../byte_table.ts";
import type { CellCutter, CutLines, CutSetup, Uncut } from "../cell_blocks.ts";
import type { Cutters, CuttingThread } from "./cutters.ts";
import type { CutAnswer } from "./messages.ts";

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

/** A block that is being cut. */
export interface BegunBlock {
  /** Whether nobody need be waited for. */
  readonly isReady: boolean;
  /** Cuts it now where it is left to this thread; returns whether it did. */
  cutHere?(): boolean;
  /** Returns what it was cut into; to be called for one block after the other. */
  take(): CutBlock | Promise<CutBlock>;
}

/** Cuts the blocks of a text. */
export class Cutting {
  readonly #cutters: Cutters;

  /** Begins a text, once that before it was cut by the same cutters. */
  constructor(setup: CutSetup, cutters: Cutters) {
    this.#cutters = cutters;
    cutters.use(setup);
  }

  /** Number of blocks that it pays to hand in before the first of them is needed: none while they are cut here. */
  get ahead(): number {
    return this.#cutters.beside.length > 0 ? AHEAD : 0;
  }

  /** Takes a block. */
  cut(bytes: Uint8Array<ArrayBuffer>): BegunBlock {
    const cutters = this.#cutters;
    cutters.count(bytes.length);
    const threads = cutters.beside;
    // Where there are none, all of them are busy.
    if (threads.every(({ thread: { asked, answered } }) => asked - answered >= BUSY)) {
      return new LeftHere(bytes, cutters.here);
    }
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + PACKED_BYTES)).subarray(0, bytes.length);
    shared.set(bytes);
    return new CutBeside(bytes, threads, askAll(threads, shared, unpack));
  }
}

/** A block that this thread cuts. */
class LeftHere implements BegunBlock {
  readonly isReady = true;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #cutter: CellCutter;
  #cut: CutLines | Uncut | undefined;

  constructor(bytes: Uint8Array<ArrayBuffer>, cutter: CellCutter) {
    this.#bytes = bytes;
    this.#cutter = cutter;
  }

  cutHere(): boolean {
    if (this.#cut !== undefined) return false;
    this.#cut = this.#cutter.cut(this.#bytes);
    return true;
  }

  take(): CutBlock {
    this.cutHere();
    return { bytes: this.#bytes, cut: this.#cut! };
  }
}

/** A block that threads cut. */
class CutBeside implements BegunBlock {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #cuts: Promise<(CutLines | Uncut)[]>;
  /** Threads, and which of their questions it is. */
  readonly #asked: readonly (readonly [thread: CuttingThread["thread"], question: number])[];

  constructor(
    bytes: Uint8Array<ArrayBuffer>,
    threads: readonly CuttingThread[],
    cuts: Promise<(CutLines | Uncut)[]>,
  ) {
    this.#bytes = bytes;
    this.#cuts = cuts;
    this.#asked = threads.map(({ thread }) => [thread, thread.asked]);
  }

  get isReady(): boolean {
    return this.#asked.every(([thread, question]) => thread.answered >= question);
  }

  async take(): Promise<CutBlock> {
    return { bytes: this.#bytes, cut: (await this.#cuts).reduce(joinCuts) };
  }
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
