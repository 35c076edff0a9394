/**
 * A thread that cuts: it takes lines of a text block by block, and answers in their order.
 *
 * @module
 */
import { CellCutter, type CutLines, type Uncut } from "../cell_blocks.ts";
import type { FromCutter, ToCutter } from "./messages.ts";

/** The thread's end of the messages. */
interface Port {
  onmessage: ((event: MessageEvent<ToCutter>) => void) | null;
  postMessage(message: FromCutter, transfer?: Transferable[]): void;
}

// The types are those of a program, not of a thread.
const port = self as unknown as Port;
let cutter: CellCutter;

port.onmessage = ({ data }) => {
  if ("wanted" in data) {
    cutter = new CellCutter(data);
    return port.postMessage("ready");
  }
  const cut = withoutTexts(cutter.cut(data));
  port.postMessage({ cut, texts: cutter.takeTexts() }, buffersOf(cut));
};

/** Leaves out the lists of texts, of which the other thread has its own. */
function withoutTexts(cut: CutLines | Uncut): CutLines | Uncut {
  if (typeof cut === "string") return cut;
  return { ...cut, columns: cut.columns.map((cells) => cells && "codes" in cells ? { ...cells, texts: [] } : cells) };
}

function buffersOf(cut: CutLines | Uncut): ArrayBuffer[] {
  if (typeof cut === "string") return [];
  const arrays = cut.columns.map((cells) => cells && ("codes" in cells ? cells.codes : cells.numbers));
  return [cut.lines, ...arrays].flatMap((array) => array ? [array.buffer as ArrayBuffer] : []);
}
