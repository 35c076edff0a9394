/**
 * Cells of a table as a schema wants them.
 *
 * @module
 */
import type { DatasetBuilder } from "./builder.ts";
import type { BlockCells, BlockField, Cells } from "./builder_cells.ts";
import { type CellBlock, textAt } from "./cell_blocks.ts";
import type { Layout } from "./csv_layout.ts";
import type { FieldCell, RawTexts } from "./derived/derive.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { packList } from "./kept_texts.ts";
import type { RowFault } from "./rejections.ts";
import { describeFields, inexactReason, isExact, type RowField } from "./row_cells.ts";
import type { Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";
import type { Table, TableColumn } from "./table.ts";
import type { CodedCells } from "./text_pool.ts";

/** Reads the cells that a schema names from the rows of one table. */
export class CellReader {
  /** Positions of the columns that are read. */
  readonly wanted: ReadonlySet<number>;
  readonly #layout: Layout;
  readonly #positions: readonly number[];
  readonly #derived: readonly { readonly f: number; readonly positions: readonly number[] }[];
  readonly #packed: readonly number[];
  /** Fields by the position of the column that nothing else reads. */
  readonly #alone: readonly { readonly position: number; readonly f: number }[];
  readonly #floating: readonly { readonly position: number; readonly name: string }[];

  /**
   * Checks that each column can be what it is used as.
   *
   * @throws {RangeError} when a column is a list where a text is wanted, or holds what no field can take
   */
  constructor(table: Table, layout: Layout, schema: Schema | FittedSchema) {
    const { fields, labels, time, watched } = layout;
    this.#layout = layout;
    const described = describeFields(schema);
    this.#positions = fields.map(([position]) => position);
    this.#derived = described.flatMap(({ parts }, f) => parts === undefined ? [] : [{ f, positions: fields[f] }]);
    const single = [...labels, ...(time >= 0 ? [time] : [])];
    this.wanted = new Set([...fields.flat(), ...single, ...watched]);
    for (const position of this.wanted) requireReadable(table, table.columns[position]);
    for (const position of single) requireText(table, table.columns[position]);
    const roles = described.flatMap((field, f) =>
      (field.parts ?? [field]).map((part, p) => {
        const position = fields[f][p];
        return { field: part, f, position, column: table.columns[position] };
      })
    );
    for (const { field, column } of roles) {
      if (!field.isSequence && !field.isKept) requireText(table, column);
    }
    const uses = [...fields.flat(), ...single, ...watched];
    this.#alone = fields.flatMap(([position], f) =>
      !described[f].parts && uses.indexOf(position) === uses.lastIndexOf(position) ? [{ position, f }] : []
    );
    this.#packed = roles.filter(({ field, column }) => field.isKept && column.isList).map(({ f }) => f);
    this.#floating = roles
      .filter(({ field, column }) => column.isFloating && isOfNames(field))
      .map(({ field, position }) => ({ position, name: field.name }));
  }

  /** Returns a row's cells in the order of the features, or what is wrong with it. */
  read(cells: readonly SequenceCell[]): Cells | RowFault {
    const { width, labels, time } = this.#layout;
    const positions = this.#positions;
    if (cells.length !== width) return { reason: `expected ${width} fields, received ${cells.length}` };
    for (const { position, name } of this.#floating) {
      const vague = textsOf(cells[position]).find((text) => !isExact(Number(text)));
      if (vague !== undefined) return { reason: inexactReason(name, vague) };
    }
    const texts: FieldCell[] = new Array(positions.length);
    for (let f = 0; f < positions.length; f++) texts[f] = cells[positions[f]];
    for (const { f, positions } of this.#derived) texts[f] = positions.map((position) => cells[position]) as RawTexts;
    for (const f of this.#packed) if (texts[f] !== undefined) texts[f] = packList(texts[f] as readonly string[]);
    return {
      texts,
      labels: labels.map((position) => cells[position] as string | undefined),
      time: cells[time] as string | undefined,
    };
  }

  /** Whether cells can come in blocks of columns. */
  get takesBlocks(): boolean {
    return this.#floating.length === 0 && this.#packed.length === 0;
  }

  /** Returns the positions of the columns whose cells a builder takes as numbers, with the texts of a missing one. */
  numbersOf(builder: DatasetBuilder): Map<number, readonly string[]> {
    return new Map(this.#alone.flatMap(({ position, f }) => {
      const missing = builder.missingNumbers(f);
      return missing ? [[position, missing]] : [];
    }));
  }

  /** Returns the cells of a block in the order of the features. */
  readBlock({ rows, columns }: CellBlock): BlockCells {
    const { labels, time } = this.#layout;
    const labelColumns = labels.map((position) => columns[position] as CodedCells);
    const times = columns[time];
    const texts: BlockField[] = this.#positions.map((position) => columns[position]!);
    for (const { f, positions } of this.#derived) texts[f] = positions.map((p) => columns[p] as CodedCells);
    return {
      rows,
      texts,
      ...(labels.length === 1 ? { label: labelColumns[0] } : {}),
      labelsAt: (row) => labelColumns.map((cells) => textAt(cells, row)),
      timeAt: (row) => times && textAt(times, row),
    };
  }

  /** Returns the watched texts of a row of a block. */
  watchedAt({ columns }: CellBlock, row: number): string[] {
    return this.#layout.watched.map((position) => textAt(columns[position]!, row) ?? "");
  }

  /** Returns the watched texts of a row; where the number of cells is wrong, it is not known which of them is which. */
  watched(cells: readonly SequenceCell[] | undefined): string[] {
    const known = cells?.length === this.#layout.width ? cells : undefined;
    return this.#layout.watched.map((position) => {
      const cell = known?.[position] ?? "";
      return typeof cell === "string" ? cell : JSON.stringify(cell);
    });
  }
}

/** Tells whether each digit of a field's values counts. */
function isOfNames({ exact, isSequence }: RowField): boolean {
  return exact || isSequence;
}

function textsOf(cell: SequenceCell): readonly string[] {
  return cell === undefined ? [] : typeof cell === "string" ? [cell] : cell.filter((text) => text !== "");
}

function requireReadable({ name }: Table, { name: column, refused }: TableColumn): void {
  if (refused === undefined) return;
  throw new RangeError(
    `Cannot read "${name}": column "${column}" must hold texts, numbers, times or lists of these, received ${refused}`,
  );
}

function requireText({ name }: Table, { name: column, isList }: TableColumn): void {
  if (!isList) return;
  throw new RangeError(
    `Cannot read "${name}": column "${column}" must hold one value a row, received lists; declare it as a sequence`,
  );
}
