/**
 * Reading a Parquet file row group by row group, in this thread or in others beside it: they decode a row group while rows
 * of the one before are stored here.
 *
 * @module
 */
import { askAll, type ColumnsThread, dealColumns } from "../beside/asking.ts";
import { joinColumns, ReceivedTexts } from "../beside/cells.ts";
import type { ColumnCells } from "../cell_blocks.ts";
import type { Source } from "../source.ts";
import { ParquetCells, type WantedColumns } from "./cells.ts";
import type { ParquetFile, RowGroup } from "./file.ts";
import type { ParquetAnswer, ParquetSetup, ParquetWork } from "./messages.ts";
import type { ParquetThreads } from "./threads.ts";

/** Reads the cells of a file. */
export class ParquetReading {
  readonly #file: ParquetFile;
  readonly #columns: WantedColumns;
  readonly #cells: ParquetCells;
  readonly #path: string | undefined;
  /** Threads that can open the file. */
  readonly #threads: ParquetThreads | undefined;
  /** Number that the file has for them. */
  readonly #number: number | undefined;
  #readers: readonly ColumnsThread<ParquetSetup, ParquetWork, ParquetAnswer>[] | undefined;

  /** Reads nothing yet; all of it is read in this thread where there are no others. */
  constructor(source: Source, file: ParquetFile, columns: WantedColumns, threads?: ParquetThreads) {
    this.#file = file;
    this.#columns = columns;
    this.#cells = new ParquetCells(file, columns);
    this.#path = pathOf(source);
    this.#threads = this.#path === undefined ? undefined : threads;
    this.#number = this.#threads?.begin(file.rows, columns.wanted.size);
  }

  /** Whether row groups are read in threads of their own by now. */
  get isBeside(): boolean {
    return this.#threads !== undefined && this.#threads.ready.length > 0;
  }

  /**
   * Begins to read a row group; to be called for one after the other. What it returns is to be called before the next row
   * group is asked for where none is read beside.
   */
  read(group: RowGroup): () => Promise<(ColumnCells | undefined)[]> {
    if (!this.isBeside) return () => this.#cells.read(group);
    this.#readers ??= this.#deal();
    const isLast = group.index === this.#file.groups.length - 1;
    const answers = askAll(this.#readers, { file: this.#number!, group: group.index, isLast }, unpack);
    return async () => (await answers).reduce(joinColumns);
  }

  /** Deals the columns to the threads. */
  #deal(): ColumnsThread<ParquetSetup, ParquetWork, ParquetAnswer>[] {
    const { columns } = this.#file;
    const { wanted, numbers } = this.#columns;
    // Columns of texts, which take longer than others, come first.
    const isText = (position: number) => Number(columns[position].isText ?? false);
    const positions = [...wanted].sort((a, b) => isText(b) - isText(a));
    const threads = this.#threads!.ready;
    return dealColumns(positions, threads.length).map((own, t) => {
      threads[t].tell({ file: this.#number!, path: this.#path!, wanted: own, numbers });
      return { thread: threads[t], texts: new ReceivedTexts(columns.length) };
    });
  }
}

/** Returns the path that a thread can open a file by. */
function pathOf(source: Source): string | undefined {
  const path = source instanceof URL ? source.href : source;
  return typeof path === "string" && !/^https?:/i.test(path) ? path : undefined;
}

function unpack(answer: ParquetAnswer, texts: ReceivedTexts): (ColumnCells | undefined)[] {
  if ("wrong" in answer) throw new SyntaxError(answer.wrong);
  return texts.unpack(answer);
}
