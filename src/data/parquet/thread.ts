/**
 * A thread that reads some columns of a Parquet file, row group by row group.
 *
 * @module
 */
import { answerMessages } from "../beside/answering.ts";
import { buffersOf, withoutTexts } from "../beside/cells.ts";
import { ParquetCells } from "./cells.ts";
import { ParquetFile } from "./file.ts";
import type { ParquetAnswer, ParquetSetup } from "./messages.ts";

answerMessages<ParquetSetup, number, ParquetAnswer>(async ({ path, ...columns }) => {
  const file = await ParquetFile.open(path);
  const cells = new ParquetCells(file, columns);
  return async (group) => {
    try {
      const read = await cells.read(file.groups[group]);
      return { answer: { columns: withoutTexts(read), texts: cells.takeTexts() }, buffers: buffersOf(read) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { answer: { wrong: error.message }, buffers: [] };
    }
  };
});
