/**
 * What the thread that reads and the one that cuts tell each other.
 *
 * @module
 */
import type { OddLine } from "../cell_blocks.ts";
import type { NewTexts } from "../text_pool.ts";

/** What is to be cut. */
export interface CutSetup {
  /** Number of columns. */
  readonly width: number;
  /** The character between cells. */
  readonly delimiter: string;
  /** Positions of the columns to read. */
  readonly wanted: ReadonlySet<number>;
}

/** Lines to cut. */
export interface CutTask {
  /** Number of the first line. */
  readonly line: number;
  /** The lines in UTF-8, each with the `\n` that ends it. */
  readonly bytes: Uint8Array;
}

/** Rows that follow each other. */
export interface CutRows {
  /** Line of each row. */
  readonly lines: Uint32Array<ArrayBuffer>;
  /** Numbers of texts by position of the column. */
  readonly codes: readonly (Uint32Array<ArrayBuffer> | undefined)[];
}

/** A block that was cut. */
export interface CutAnswer {
  /** Texts that each column has gained. */
  readonly texts: readonly (NewTexts | undefined)[];
  /** Rows, and lines between them that are none. */
  readonly parts: readonly (CutRows | OddLine)[];
}

/** What the thread that cuts tells: that it is there, or a block. */
export type FromCutter = "ready" | CutAnswer;
