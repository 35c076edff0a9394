/**
 * What a thread that cuts answers.
 *
 * @module
 */
import type { SentCells } from "../beside/cells.ts";
import type { CutLines, Uncut } from "../cell_blocks.ts";

/** Lines that were cut, or why they cannot be; texts may have been gained either way. */
export interface CutAnswer {
  readonly cut: Omit<CutLines, "columns"> | Uncut;
  readonly cells: SentCells;
}
