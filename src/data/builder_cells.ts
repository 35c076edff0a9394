/**
 * Cells of rows on their way into a data set.
 *
 * @module
 */
import type { ColumnCells } from "./cell_blocks.ts";
import type { FieldCell } from "./derived/derive.ts";
import type { LabelCells } from "./row_labels.ts";
import type { CodedCells } from "./text_pool.ts";

/** Cells of a row, in the order of the features, with what stands beside them. */
export interface Cells {
  /**
   * One text per field, then one per sequence or a list; none for a missing value. A field that is made of columns has a
   * list of their texts, or the text that was made of them before.
   */
  texts: readonly FieldCell[];
  /** Values of the occurrences, where they have any. */
  weights?: readonly number[];
  /** Text of each label, for labeled rows; a number is one that was read before. */
  labels?: LabelCells;
  /** Text of the time, for timed rows. */
  time?: string;
}

/** Cells of a field of a block; of one that is made of columns, a list of theirs, or the texts that were made before. */
export type BlockField = ColumnCells | readonly CodedCells[];

/** Cells of a block of rows, as {@linkcode Cells} has those of one, by numbers of texts. */
export interface BlockCells {
  /** How many rows. */
  readonly rows: number;
  /** One column per field, then one per sequence. */
  readonly texts: readonly BlockField[];
  /** Labels of all rows, where there is one column of them alone. */
  readonly label?: CodedCells;
  /** Returns the labels of a row, for labeled rows. */
  labelsAt(row: number): LabelCells;
  /** Returns the text of a row's time, for timed rows. */
  timeAt(row: number): string | undefined;
}
