/**
 * Cells on their way from one thread to another: each text goes once.
 *
 * @module
 */
import type { ColumnCells } from "../cell_blocks.ts";
import type { NewTexts } from "../numbered_texts.ts";

/** Cells by position of the column; those that are numbers of texts come without the texts. */
export interface SentCells {
  readonly columns: readonly (ColumnCells | undefined)[];
  /** Texts that each column has gained since the message before. */
  readonly texts: readonly (NewTexts | undefined)[];
}

/** Leaves out the lists of texts, of which the other thread has its own. */
export function withoutTexts(columns: readonly (ColumnCells | undefined)[]): (ColumnCells | undefined)[] {
  return columns.map((cells) => cells && "codes" in cells ? { ...cells, texts: [] } : cells);
}

/** Returns the buffers of cells. */
export function buffersOf(columns: readonly (ColumnCells | undefined)[]): ArrayBuffer[] {
  return columns.flatMap((cells) =>
    cells ? [("codes" in cells ? cells.codes : cells.numbers).buffer as ArrayBuffer] : []
  );
}

/** The texts that have come from one thread. */
export class ReceivedTexts {
  /** Texts of each column. */
  readonly #texts: (string | undefined)[][];

  /** @param width number of columns */
  constructor(width: number) {
    this.#texts = Array.from({ length: width }, () => []);
  }

  /** Returns the cells of a message with their texts; to be called in the order of the messages. */
  unpack({ columns, texts }: SentCells): (ColumnCells | undefined)[] {
    texts.forEach((gained, c) => {
      if (gained?.beginsAgain) this.#texts[c] = [];
      for (const text of gained?.texts ?? []) this.#texts[c].push(text);
    });
    return columns.map((cells, c) => cells && "codes" in cells ? { texts: this.#texts[c], codes: cells.codes } : cells);
  }
}

/** Joins the cells that two threads have of the same rows. */
export function joinColumns(
  a: readonly (ColumnCells | undefined)[],
  b: readonly (ColumnCells | undefined)[],
): (ColumnCells | undefined)[] {
  return a.map((cells, c) => cells ?? b[c]);
}
