import { type CellBlock, CellCutter, type OddLine } from "../../src/data/cell_blocks.ts";
import { readCsv } from "../../src/data/csv.ts";
import { Cutting } from "../../src/data/cutting/cutting.ts";
import { openText } from "../../src/data/delimited_text.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

const setup = { width: 3, delimiter: ",", wanted: new Set([0, 2]) };

function blockOf(line: number, text: string) {
  return { line, bytes: new TextEncoder().encode(text), text };
}

/** Texts of the rows, and the lines between them, as one who reads them in order sees them. */
function readParts(parts: Iterable<CellBlock | OddLine>): unknown[] {
  return Array.from(parts, (part) => {
    if ("cells" in part) return part;
    const texts = part.columns.map((column) =>
      column && Array.from(column.codes.subarray(0, part.rows)).map((code) => column.texts[code])
    );
    return { lines: [...part.lines.subarray(0, part.rows)], texts };
  });
}

Deno.test("a thread cuts blocks as this one does, with numbers of texts that go on from block to block", async () => {
  using cutting = new Cutting(setup, 0);
  const texts = ["a,x,1\nb,x,2\n", "a,x,3\n\nodd\nä,x,1\n", "b,x,\r\n"];
  const blocks = texts.map((text, i) => blockOf(10 * i + 1, text));
  const cutter = new CellCutter(setup.width, setup.delimiter, setup.wanted);
  assertEquals(readParts(await cutting.cut(blocks[0])()), readParts(cutter.cut(blocks[0])));
  for (let wait = 0; !cutting.isBeside && wait < 500; wait++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert(cutting.isBeside);
  const ahead = blocks.map((block) => cutting.cut(block));
  for (const [i, cut] of ahead.entries()) assertEquals(readParts(await cut()), readParts(cutter.cut(blocks[i])));
});

Deno.test("blocks that were handed to a thread and are not asked for any more are no fault", async () => {
  const cutting = new Cutting(setup, 0);
  cutting.cut(blockOf(1, "a,x,1\n"));
  while (!cutting.isBeside) await new Promise((resolve) => setTimeout(resolve, 10));
  cutting.cut(blockOf(2, "a,x,1\n"));
  cutting[Symbol.dispose]();
});

const HEADER = "y,user,id,n,text\n";

/** Rows of a long table: a column whose texts recur, one of many texts, one of texts that never recur. */
function rowsFrom(from: number, to: number): string {
  let text = "";
  for (let row = from; row < to; row++) {
    const quoted = row % 20_000 === 7 ? '"a ""b"", c"' : `the text of row number ${row}, of many`.replace(",", ";");
    text += `${row % 2},u${row * row % 97},i${row * 7919 % 30_011},${row % 1000 / 8},${quoted}\n`;
    if (row % 30_000 === 11) text += "1,too few\n";
  }
  return text;
}

Deno.test("a long text, most of which is cut in a thread, gives the rows of its parts", async () => {
  const schema = { label: "y", features: [categorical("user"), categorical("id"), numeric("n"), categorical("text")] };
  const [rows, cuts] = [180_000, [0, 45_000, 90_000, 135_000, 180_000]];
  const whole = new File([HEADER, rowsFrom(0, rows)], "whole.csv");
  assert(whole.size > 1 << 23);
  const parts = cuts.slice(1).map((end, i) => new File([HEADER, rowsFrom(cuts[i], end)], `part-${i}.csv`));
  const options = { onBadRow: "skip" } as const;
  const [long, short] = [await readCsv(whole, schema, options), await readCsv(parts, schema, options)];
  assertEquals([long.rows, long.skipped, short.rows, short.skipped], [rows, 6, rows, 6]);
  assertEquals(
    long.schema.fields.map(({ vocabulary }) => vocabulary),
    short.schema.fields.map(({ vocabulary }) => vocabulary),
  );
  assert(
    long.ids.every((id, i) => id === short.ids[i]) && long.values!.every((value, i) => value === short.values![i]),
  );
  const again = await readCsv(whole, long.schema, options);
  assert(again.ids.every((id, i) => id === long.ids[i]));
  const bad = new File(
    [HEADER, rowsFrom(0, rows).replaceAll("1,too few\n", ""), "1,a\n", rowsFrom(0, 20_000)],
    "bad.csv",
  );
  await assertRejects(() => readCsv(bad, schema), SyntaxError, `"bad.csv" line ${rows + 2}`);
});

Deno.test("blocks of a text that nobody reads to its end leave no thread behind", async () => {
  const text = openText(new File([HEADER, rowsFrom(0, 180_000)], "whole.csv"), {});
  await text.open();
  for await (const _ of text.blocks!(true, 5, new Set([0, 1]))) break;
  await text.close();
});
