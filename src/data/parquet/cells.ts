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
import type { FetchedColumn, ParquetFile, RowGroup } from "./file.ts";
import { decodeValues, findTexts, type RawValues } from "./pages.ts";
import type { ParquetColumn } from "./types.ts";

/** Columns to read. */
export interface WantedColumns {
  /** Their positions. */
  readonly wanted: ReadonlySet<number>;
  /** Those of them whose cells can come as numbers, each with the texts that stand for a missing one. */
  readonly numbers: ReadonlyMap<number, readonly string[]>;
}

/** Makes the cells of one column. */
interface CellMaker {
  /** Makes those of a row group. */
  read(column: FetchedColumn): Promise<ColumnCells>;
  /** Returns the texts that it has gained since they were last taken, and keeps them no longer. */
  take?(): NewTexts;
}

/** Reads columns of a file. */
export class ParquetCells {
  readonly #file: ParquetFile;
  readonly #wanted: readonly number[];
  readonly #makers: readonly (CellMaker | undefined)[];

  constructor(file: ParquetFile, { wanted, numbers }: WantedColumns) {
    this.#file = file;
    this.#wanted = [...wanted].sort((a, b) => a - b);
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
    const columns: (ColumnCells | undefined)[] = this.#makers.map(() => undefined);
    let next = this.#fetch(group, 0);
    for (const [index, position] of this.#wanted.entries()) {
      const column = await next;
      next = this.#fetch(group, index + 1);
      columns[position] = await this.#makers[position]!.read(column!);
    }
    return columns;
  }

  /** Begins to read the bytes of a column, so that they are there when it comes. */
  #fetch(group: RowGroup, index: number): Promise<FetchedColumn> | undefined {
    const position = this.#wanted.at(index);
    const column = position === undefined ? undefined : this.#file.fetch(group, position);
    // What is wrong with it is said when it comes.
    column?.catch(() => {});
    return column;
  }

  /** Returns the texts that each column has gained since they were last taken, and keeps them no longer. */
  takeTexts(): (NewTexts | undefined)[] {
    return this.#makers.map((maker) => maker?.take?.());
  }
}

function makerOf(column: ParquetColumn, missing: readonly string[] | undefined): CellMaker {
  if (column.isText) {
    const pool = new TextPool();
    return makeTexts(pool, (values) => {
      const { block, starts, nexts } = findTexts(values);
      return pool.codes(block, starts, nexts, values.count);
    });
  }
  if (missing && column.toNumber) return makeNumbers(column, column.toNumber, missing);
  const pool = new ValuePool((value) => column.toCell(value) as string | undefined);
  return makeTexts(pool, (values) => pool.codes(decodeValues(values)));
}

/** Makes cells that are numbers of texts. */
function makeTexts(pool: TextPool | ValuePool, codes: (values: RawValues) => Uint32Array): CellMaker {
  const store = {
    create: (rows: number) => new Uint32Array(rows),
    store: (values: RawValues) => ({ array: codes(values) }),
    none: () => pool.numberOfNone(),
  };
  return {
    read: async (column) => {
      pool.beginBlock();
      const { array } = await column.store(store);
      pool.endBlock(array.length);
      return { texts: pool.texts, codes: array };
    },
    take: () => pool.take(),
  };
}

/** Makes cells that are numbers. */
function makeNumbers(
  { toCell }: ParquetColumn,
  toNumber: (value: unknown) => number,
  missing: readonly string[],
): CellMaker {
  // Texts such as "1.0" are those of no value.
  const none = new Set(missing.filter((text) => String(Number(text)) === text).map(Number));
  const store = {
    create: (rows: number) => new Float64Array(rows),
    store: (raw: RawValues) => {
      const values = decodeValues(raw);
      const array = new Float64Array(values.length);
      const odd = new Map<number, string>();
      for (let i = 0; i < array.length; i++) {
        const number = toNumber(values[i]);
        const isPlain = Math.abs(number) < PLAIN_LIMIT;
        if (!isPlain) odd.set(i, toCell(values[i]) as string);
        // The text of -0 is "0".
        array[i] = isPlain && !none.has(number) ? number + 0 : NaN;
      }
      return { array, odd };
    },
    none: () => NaN,
  };
  return {
    read: async (column) => {
      const { array, odd } = await column.store(store);
      return { numbers: array, odd };
    },
  };
}
