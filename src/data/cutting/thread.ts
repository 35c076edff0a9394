/**
 * The thread that cuts: it takes the lines of a text block by block, and answers in their order.
 *
 * @module
 */
import { CellCutter } from "../cell_blocks.ts";
import type { CutRows, CutSetup, CutTask, FromCutter } from "./messages.ts";

/** The thread's end of the messages. */
interface Port {
  onmessage: ((event: MessageEvent<CutSetup | CutTask>) => void) | null;
  postMessage(message: FromCutter, transfer?: Transferable[]): void;
}

// The types are those of a program, not of a thread.
const port = self as unknown as Port;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
let cutter: CellCutter;

port.onmessage = ({ data }) => {
  if ("wanted" in data) {
    cutter = new CellCutter(data.width, data.delimiter, data.wanted);
    return port.postMessage("ready");
  }
  const arrays: Transferable[] = [];
  const parts = Array.from(cutter.cut({ ...data, text: decoder.decode(data.bytes) }), (part) => {
    if ("cells" in part) return part;
    // The next part overwrites these.
    const codes = part.columns.map((column) => column?.codes.slice(0, part.rows));
    const rows: CutRows = { lines: part.lines.slice(0, part.rows), codes };
    for (const array of [rows.lines, ...codes]) if (array) arrays.push(array.buffer);
    return rows;
  });
  port.postMessage({ texts: cutter.takeTexts(), parts }, arrays);
};
