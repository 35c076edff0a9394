/**
 * Reading a Parquet file row group by row group, in this thread or in others beside it: they decode a row group while rows
 * of the one before are stored here.
 *
 * @module
 */
import { type AskedThread, dealColumns } from "../beside/asking.ts";
import { joinColumns, ReceivedTexts } from "../beside/cells.ts";
import type { ColumnCells } from "../cell_blocks.ts";
import type { Source } from "../source.ts";
import { ParquetCells, type WantedColumns } from "./cells.ts";
import type { ParquetFile, RowGroup } from "./file.ts";
import type { ParquetAnswer, ParquetWork } from "./messages.ts";
import type { ParquetThreads } from "./threads.ts";

/** A thread that reads some of the columns, and the texts that it has sent. */
interface Reader {
  readonly thread: AskedThread<ParquetWork, ParquetAnswer>;
  readonly columns: WantedColumns;
  readonly texts: ReceivedTexts;
  isTold: boolean;
}

/** Reads the cells of a file. */
export class ParquetReading {
  readonly #file: ParquetFile;
  readonly #columns: WantedColumns;
  readonly #cells: ParquetCells;
  readonly #path: string | undefined;
  readonly #threads: ParquetThreads | undefined;
  readonly #number: number | undefined;
  #readers: readonly Reader[] | undefined;

  /** Reads nothing yet; none of the threads where there are none. */
  constructor(source: Source, file: ParquetFile, columns: WantedColumns, threads?: ParquetThreads) {
    this.#file = file;
    this.#columns = columns;
    this.#cells = new ParquetCells(file, columns);
    this.#path = pathOf(source);
    this.#threads = threads;
    if (this.#path !== undefined) this.#number = threads?.begin(file.rows, columns.wanted.size);
  }

  /** Whether row groups are read in threads of their own by now. */
  get isBeside(): boolean {
    return this.#path !== undefined && this.#threads !== undefined && this.#threads.ready.length > 0;
  }

  /**
   * Begins to read a row group; to be called for one after the other. What it returns is to be called so, too, before the
   * next row group is asked for where none is read beside.
   */
  read(group: RowGroup): () => Promise<(ColumnCells | undefined)[]> {
    if (!this.isBeside) return () => this.#cells.read(group);
    this.#readers ??= this.#deal();
    const answers = this.#readers.map((reader) => ({ texts: reader.texts, answer: this.#ask(reader, group) }));
    return async () => {
      const parts = await Promise.all(answers.map(async ({ texts, answer }) => unpack(await answer, texts)));
      return parts.reduce(joinColumns);
    };
  }

  #ask(reader: Reader, group: RowGroup): Promise<ParquetAnswer> {
    const setup = reader.isTold ? undefined : { path: this.#path!, ...reader.columns };
    reader.isTold = true;
    const isLast = group.index === this.#file.groups.length - 1;
    return reader.thread.ask({ file: this.#number!, setup, group: group.index, isLast });
  }

  /** Deals the columns to the threads. */
  #deal(): Reader[] {
    const { columns } = this.#file;
    const { wanted, numbers } = this.#columns;
    // Columns of texts, which take longer than others, come first.
    const isText = (position: number) => Number(columns[position].isText ?? false);
    const positions = [...wanted].sort((a, b) => isText(b) - isText(a));
    const threads = this.#threads!.ready;
    return dealColumns(positions, threads.length).map((own, t) => ({
      thread: threads[t],
      columns: { wanted: own, numbers },
      texts: new ReceivedTexts(columns.length),
      isTold: false,
    }));
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
