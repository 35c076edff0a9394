/**
 * Cells of columns that hold one value a row: texts are recognized by their bytes, and numbers become no texts.
 *
 * @module
 */
import type { ColumnCells } from "../cell_blocks.ts";
import { PLAIN_LIMIT } from "../number_cells.ts";
import type { NewTexts } from "../numbered_texts.ts";
import { TextPool } from "../text_pool.ts";
import { ValuePool } from "../value_pool.ts";
import type { ColumnValues, ParquetFile, RowGroup, TextMaker } from "./file.ts";
import type { ParquetColumn } from "./types.ts";

/** Columns to read. */
export interface WantedColumns {
  /** Their positions. */
  readonly wanted: ReadonlySet<number>;
  /** Those of them whose cells can come as numbers, each with the texts that stand for a missing one. */
  readonly numbers: ReadonlyMap<number, readonly string[]>;
}

/** Makes cells of the values of one column. */
interface CellMaker {
  /** Makes the values of texts. */
  readonly textOf?: TextMaker;
  /** Begins a row group. */
  begin?(): void;
  cells(values: ColumnValues): ColumnCells;
  take?(): NewTexts;
}

/** Reads columns of a file. */
export class ParquetCells {
  readonly #file: ParquetFile;
  readonly #makers: readonly (CellMaker | undefined)[];

  constructor(file: ParquetFile, { wanted, numbers }: WantedColumns) {
    this.#file = file;
    this.#makers = file.columns.map((column, position) =>
      wanted.has(position) ? makerOf(column, numbers.get(position)) : undefined
    );
  }

  /**
   * Reads the cells of a row group by position of the column.
   *
   * @throws {SyntaxError} when a column is damaged
   */
  async read(group: RowGroup): Promise<(ColumnCells | undefined)[]> {
    const columns: (ColumnCells | undefined)[] = [];
    for (const [position, maker] of this.#makers.entries()) {
      maker?.begin?.();
      columns.push(maker?.cells(await this.#file.read(group, position, maker.textOf)));
    }
    return columns;
  }

  /** Returns the texts that each column has gained since they were last taken, and keeps them no longer. */
  takeTexts(): (NewTexts | undefined)[] {
    return this.#makers.map((maker) => maker?.take?.());
  }
}

function makerOf(column: ParquetColumn, missing: readonly string[] | undefined): CellMaker {
  if (column.isText) return makeTexts();
  return missing && column.toNumber ? makeNumbers(column, column.toNumber, missing) : makeValues(column);
}

/** Has the library give the number of each text in place of the text. */
function makeTexts(): CellMaker {
  const pool = new TextPool();
  return {
    textOf: (bytes) => pool.number(bytes),
    begin: () => pool.beginBlock(),
    cells: (values) => {
      const codes = new Uint32Array(values.length);
      for (let row = 0; row < codes.length; row++) {
        const code = values[row] as number | null | undefined;
        codes[row] = code === undefined || code === null ? pool.numberOfNone() : code;
      }
      pool.endBlock(codes.length);
      return { texts: pool.texts, codes };
    },
    take: () => pool.take(),
  };
}

function makeValues({ toCell }: ParquetColumn): CellMaker {
  const pool = new ValuePool((value) => toCell(value) as string | undefined);
  return {
    cells: (values) => {
      const codes = pool.codes(values);
      return { texts: pool.texts, codes };
    },
    take: () => pool.take(),
  };
}

function makeNumbers(
  { toCell }: ParquetColumn,
  toNumber: (value: unknown) => number,
  missing: readonly string[],
): CellMaker {
  // Texts such as "1.0" are those of no value.
  const none = new Set(missing.filter((text) => String(Number(text)) === text).map(Number));
  return {
    cells: (values) => {
      const numbers = new Float64Array(values.length).fill(NaN);
      const odd = new Map<number, string>();
      for (let row = 0; row < numbers.length; row++) {
        const value = values[row];
        if (value === undefined || value === null) continue;
        const number = toNumber(value);
        if (!(Math.abs(number) < PLAIN_LIMIT)) odd.set(row, toCell(value) as string);
        // The text of -0 is "0".
        else if (!none.has(number)) numbers[row] = number + 0;
      }
      return { numbers, odd };
    },
  };
}
