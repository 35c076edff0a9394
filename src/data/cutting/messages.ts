/**
 * What a thread that cuts is told, and what it answers.
 *
 * @module
 */
import type { SentCells } from "../beside/cells.ts";
import type { CutLines, CutSetup, Uncut } from "../cell_blocks.ts";

/** Lines to cut, in UTF-8, each with the `\n` that ends it. */
export interface CutWork {
  /** How lines are cut; told with the first of them. */
  readonly setup: CutSetup | undefined;
  readonly bytes: Uint8Array;
}

/** Lines that were cut, or why they cannot be; texts may have been gained either way. */
export interface CutAnswer {
  readonly cut: Omit<CutLines, "columns"> | Uncut;
  readonly cells: SentCells;
}
