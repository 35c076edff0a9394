/**
 * A thread that cuts: it takes lines of a text block by block.
 *
 * @module
 */
import { answerMessages } from "../beside/answering.ts";
import { buffersOf, withoutTexts } from "../beside/cells.ts";
import { CellCutter } from "../cell_blocks.ts";
import type { CutAnswer, CutWork } from "./messages.ts";

let cutter: CellCutter;

answerMessages<CutWork, CutAnswer>(({ setup, bytes }) => {
  if (setup) cutter = new CellCutter(setup);
  const cut = cutter.cut(bytes);
  const texts = cutter.takeTexts();
  if (typeof cut === "string") return { answer: { cut, cells: { columns: [], texts } }, buffers: [] };
  const { columns, ...lines } = cut;
  const cells = { columns: withoutTexts(columns), texts };
  return { answer: { cut: lines, cells }, buffers: [cut.lines.buffer, ...buffersOf(columns)] };
});
