/**
 * A thread that reads some columns of Parquet files, row group by row group.
 *
 * @module
 */
import { answerMessages } from "../beside/answering.ts";
import { buffersOf, withoutTexts } from "../beside/cells.ts";
import { ParquetCells } from "./cells.ts";
import { ParquetFile } from "./file.ts";
import type { ParquetAnswer, ParquetSetup, ParquetWork } from "./messages.ts";

/** An open file and its columns. */
interface OpenFile {
  readonly file: ParquetFile;
  readonly cells: ParquetCells;
}

/** Files that are read, by their numbers. */
const files = new Map<number, Promise<OpenFile>>();

async function open({ path, ...columns }: ParquetSetup): Promise<OpenFile> {
  const file = await ParquetFile.open(path);
  return { file, cells: new ParquetCells(file, columns) };
}

answerMessages<ParquetSetup, ParquetWork, ParquetAnswer>({
  take: (setup) => {
    const opened = open(setup);
    // Who asks for the file is told.
    opened.catch(() => {});
    files.set(setup.file, opened);
  },
  answer: async ({ file: number, group, isLast }) => {
    try {
      const { file, cells } = await files.get(number)!;
      if (isLast) files.delete(number);
      const read = await cells.read(file.groups[group]);
      return { answer: { columns: withoutTexts(read), texts: cells.takeTexts() }, buffers: buffersOf(read) };
    } catch (error) {
      return { answer: { wrong: error instanceof Error ? error.message : String(error) }, buffers: [] };
    }
  },
});
