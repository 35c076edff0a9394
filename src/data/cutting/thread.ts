/**
 * A thread that cuts: it takes lines of a text in UTF-8, each with the `\n` that ends it, block by block.
 *
 * @module
 */
import { answerMessages } from "../beside/answering.ts";
import { buffersOf, withoutTexts } from "../beside/cells.ts";
import { CellCutter, type CutSetup } from "../cell_blocks.ts";
import type { CutAnswer } from "./messages.ts";

let cutter: CellCutter;

answerMessages<CutSetup, Uint8Array, CutAnswer>({
  take: (setup) => {
    cutter = new CellCutter(setup);
  },
  answer: (bytes) => {
    const cut = cutter.cut(bytes);
    const texts = cutter.takeTexts();
    if (typeof cut === "string") return { answer: { cut, cells: { columns: [], texts } }, buffers: [] };
    const { columns, ...lines } = cut;
    const cells = { columns: withoutTexts(columns), texts };
    return { answer: { cut: lines, cells }, buffers: [cut.lines.buffer, ...buffersOf(columns)] };
  },
});
