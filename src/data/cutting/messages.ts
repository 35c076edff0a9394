/**
 * What the thread that reads and one that cuts tell each other.
 *
 * @module
 */
import type { CutLines, CutSetup, Uncut } from "../cell_blocks.ts";
import type { NewTexts } from "../text_pool.ts";

/** What the thread that reads tells: how lines are to be cut, or lines in UTF-8, each with the `\n` that ends it. */
export type ToCutter = CutSetup | Uint8Array;

/** Lines that were cut. The texts of cells are those that a column has gained since the answer before. */
export interface CutAnswer {
  /** Their cells, or why they cannot be cut. Cells have numbers of texts, and no texts. */
  readonly cut: CutLines | Uncut;
  /** Texts that each column has gained. */
  readonly texts: readonly (NewTexts | undefined)[];
}

/** What a thread that cuts tells: that it is there, or what it has cut. */
export type FromCutter = "ready" | CutAnswer;
