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
const files = new Map<number, OpenFile>();

async function open({ path, ...columns }: ParquetSetup): Promise<OpenFile> {
  const file = await ParquetFile.open(path);
  return { file, cells: new ParquetCells(file, columns) };
}

answerMessages<ParquetWork, ParquetAnswer>(async ({ file: number, setup, group, isLast }) => {
  try {
    if (setup) files.set(number, await open(setup));
    const { file, cells } = files.get(number)!;
    if (isLast) files.delete(number);
    const read = await cells.read(file.groups[group]);
    return { answer: { columns: withoutTexts(read), texts: cells.takeTexts() }, buffers: buffersOf(read) };
  } catch (error) {
    return { answer: { wrong: error instanceof Error ? error.message : String(error) }, buffers: [] };
  }
});
