/**
 * Reading a Parquet file row group by row group, in this thread or, where the file is long, in others beside it: they
 * decode a row group while rows of the one before are stored here.
 *
 * @module
 */
import { AskedThread, dealColumns } from "../beside/asking.ts";
import { joinColumns, ReceivedTexts } from "../beside/cells.ts";
import type { ColumnCells } from "../cell_blocks.ts";
import type { Source } from "../source.ts";
import { ParquetCells, type WantedColumns } from "./cells.ts";
import type { ParquetFile, RowGroup } from "./file.ts";
import type { ParquetAnswer, ParquetSetup } from "./messages.ts";

/** Cells of a file from which on threads are started: those of a shorter one are read before they are there. */
const LONG_CELLS = 2e6;

/** A thread that reads, and the texts that it has sent. */
interface ReadingThread {
  readonly thread: AskedThread<number, ParquetAnswer>;
  readonly texts: ReceivedTexts;
}

/** Reads the cells of a file. */
export class ParquetReading implements Disposable {
  readonly #file: ParquetFile;
  readonly #cells: ParquetCells;
  readonly #threads: readonly ReadingThread[];

  /**
   * Reads nothing yet.
   *
   * @param longCells cells from which on threads are started
   */
  constructor(source: Source, file: ParquetFile, columns: WantedColumns, longCells: number = LONG_CELLS) {
    this.#file = file;
    this.#cells = new ParquetCells(file, columns);
    const last = file.groups.at(-1);
    const rows = last ? last.start + last.rows : 0;
    const path = pathOf(source);
    const isLong = file.groups.length > 1 && rows * columns.wanted.size >= longCells;
    this.#threads = path !== undefined && isLong ? startThreads(path, file, columns) : [];
  }

  /** Whether row groups are read in threads of their own by now. */
  get isBeside(): boolean {
    return this.#threads.length > 0 && this.#threads.every(({ thread }) => thread.isReady);
  }

  /**
   * Begins to read a row group; to be called for one after the other. What it returns is to be called so, too, before the
   * next row group is asked for where none is read beside.
   */
  read(group: RowGroup): () => Promise<(ColumnCells | undefined)[]> {
    if (!this.isBeside) return () => this.#cells.read(group);
    const answers = this.#threads.map(({ thread, texts }) => ({ texts, answer: thread.ask(group.index) }));
    return async () => {
      const parts = await Promise.all(answers.map(async ({ texts, answer }) => unpack(await answer, texts)));
      return parts.reduce(joinColumns);
    };
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const { thread } of this.#threads) thread.end();
  }
}

/** Returns the path that a thread can open a file by. */
function pathOf(source: Source): string | undefined {
  const path = source instanceof URL ? source.href : source;
  return typeof path === "string" && !/^https?:/i.test(path) ? path : undefined;
}

/** Starts threads, each of which reads some of the columns; none where the host has no threads. */
function startThreads(path: string, { columns }: ParquetFile, { wanted, numbers }: WantedColumns): ReadingThread[] {
  // Columns of texts, which take longer than others, come first.
  const positions = [...wanted].sort((a, b) => Number(columns[b].isText ?? false) - Number(columns[a].isText ?? false));
  return dealColumns(positions).flatMap((own) => {
    const setup: ParquetSetup = { path, wanted: own, numbers };
    const thread = AskedThread.start<number, ParquetAnswer>("parquet", setup);
    return thread ? [{ thread, texts: new ReceivedTexts(columns.length) }] : [];
  });
}

function unpack(answer: ParquetAnswer, texts: ReceivedTexts): (ColumnCells | undefined)[] {
  if ("wrong" in answer) throw new SyntaxError(answer.wrong);
  return texts.unpack(answer);
}
