import { CellCutter, type CutLines } from "../../src/data/cell_blocks.ts";
import { readCsv } from "../../src/data/csv.ts";
import { Cutters } from "../../src/data/cutting/cutters.ts";
import { type CutBlock, Cutting } from "../../src/data/cutting/cutting.ts";
import { cross } from "../../src/data/derived/cross.ts";
import { pastRate } from "../../src/data/derived/past.ts";
import { openText } from "../../src/data/delimited_text.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import type { CodedCells } from "../../src/data/text_pool.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { withProcessors } from "./processors.ts";

const setup = {
  ...{ width: 6, delimiter: ",", quotes: true },
  wanted: new Set([0, 2, 3, 4, 5]),
  numbers: new Map([[5, [""]]]),
};

const encode = (text: string) => new TextEncoder().encode(text);

/** What lines were cut into, with texts in place of their numbers. */
function contentOf({ bytes, cut }: CutBlock): unknown {
  if (typeof cut === "string") return { bytes, cut };
  const columns = cut.columns.map((cells) =>
    cells && "codes" in cells ? Array.from(cells.codes, (code) => cells.texts[code]) : cells
  );
  return { bytes, cut: { ...cut, columns } };
}

async function waitFor(cutting: Cutting): Promise<void> {
  for (let wait = 0; cutting.ahead === 0 && wait < 1000; wait++) await new Promise((done) => setTimeout(done, 10));
  assert(cutting.ahead > 0);
}

Deno.test("threads cut blocks as this one does, with numbers of texts that go on from block to block", async () => {
  const blocks = [
    "a,x,1,p,q,7\nb,x,2,p,q,\n",
    "a,x,3,ä,r,8.5\n\nodd\na,x,1,p,q,none\n",
    'b,x,"1",p,q,1\n',
    "b,x,,,,1e3\r\n",
  ].map(encode);
  for (const processors of [2, 3, 9]) {
    await withProcessors(processors, async () => {
      using cutters = new Cutters(0);
      const cutting = new Cutting(setup, cutters);
      const here = (bytes: Uint8Array<ArrayBuffer>) => ({ bytes, cut: new CellCutter(setup).cut(bytes) });
      assertEquals(contentOf(await cutting.cut(blocks[0]).take()), contentOf(here(blocks[0])));
      await waitFor(cutting);
      const ahead = blocks.map((block) => cutting.cut(block));
      for (const [i, cut] of ahead.entries()) assertEquals(contentOf(await cut.take()), contentOf(here(blocks[i])));
    });
  }
});

Deno.test("a thread that has blocks enough before it leaves the next to this one", async () => {
  using cutters = new Cutters(0);
  const cutting = new Cutting(setup, cutters);
  const blocks = Array.from(
    { length: 20 },
    (_, i) => encode(`a,x,${i},p${i % 3},q,7\nb,x,2,p,q${i % 7},\n`.repeat(3000)),
  );
  cutting.cut(blocks[0]);
  await waitFor(cutting);
  const cuts = blocks.map((block) => cutting.cut(block));
  const here = cuts.filter((cut) => cut.cutHere?.());
  assert(here.length > 0 && here.every((cut) => cut.isReady && !cut.cutHere!()));
  for (const [i, cut] of cuts.entries()) {
    const expected = { bytes: blocks[i], cut: new CellCutter(setup).cut(blocks[i]) };
    assertEquals(contentOf(await cut.take()), contentOf(expected));
    assert(cut.isReady);
  }
});

Deno.test("texts of a file are known in the next of the same columns, whether all blocks were taken or not", async () => {
  using cutters = new Cutters(0);
  const cutAll = async (columns: typeof setup, lines: readonly string[]) => {
    const cutting = new Cutting(columns, cutters);
    if (cutting.ahead === 0) cutting.cut(encode(lines[0]));
    await waitFor(cutting);
    const cuts = lines.map((line) => cutting.cut(encode(line)));
    const blocks: CutBlock[] = [];
    for (const cut of cuts) blocks.push(await cut.take());
    return blocks;
  };
  const listOf = ({ cut }: CutBlock) => ((cut as CutLines).columns[0] as CodedCells).texts;
  const [first, second] = await cutAll(setup, ["a,x,1,p,q,7\n", "b,x,1,p,q,7\n"]);
  const [third] = await cutAll(setup, ["c,x,1,p,q,7\n"]);
  assert(listOf(first) === listOf(second) && listOf(first) === listOf(third));
  assertEquals(listOf(third), ["a", "b", "c"]);
  const [other] = await cutAll({ ...setup, delimiter: ";" }, ["a;x;1;p;q;7\n"]);
  assertEquals(contentOf(other), {
    bytes: encode("a;x;1;p;q;7\n"),
    cut: (contentOf({ bytes: encode(""), cut: new CellCutter(setup).cut(encode("a,x,1,p,q,7\n")) }) as CutBlock).cut,
  });
  new Cutting(setup, cutters).cut(encode("z,x,1,p,q,7\n"));
  const [again] = await cutAll(setup, ["b,x,1,p,q,7\n"]);
  assertEquals(listOf(again), ["z", "b"]);
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
  using cutters = new Cutters();
  const text = openText(new File([HEADER, rowsFrom(0, 180_000)], "whole.csv"), {});
  await text.open();
  for await (const _ of text.blocks!(true, { width: 5, wanted: new Set([0, 1]), numbers: new Map() }, cutters)) break;
  await text.close();
});

/** A table of all that can be odd about rows; long enough for threads. */
function oddTable(rows: number): string {
  const lines = ["y,a,b,c,d,e,f,n,m"];
  for (let row = 0; row < rows; row++) {
    const names = ["a", "b", "c", "d", "e", "f"].map((name, f) => `${name}${row * 7919 % (3 ** (f + 5)) || ""}`);
    const number = row % 5 === 0 ? "" : row % 9973 === 3 ? "many" : row % 11 === 0 ? `${row}e-3` : `${row % 1000}`;
    const quoted = row % 20_011 === 5 ? '"over\ntwo ""lines"""' : names[5];
    lines.push([row % 7331 === 8 ? "" : row % 2, ...names.slice(0, 5), quoted, number, Math.sqrt(row)].join(","));
    if (row % 30_011 === 11) lines.push("", "1,too few");
  }
  return lines.join("\r\n");
}

Deno.test("a long table has the same bytes whatever the number of threads that cut it", async () => {
  const names = ["a", "b", "c", "d", "e", "f"].map((name) => categorical(name, name === "f" ? { minCount: 3 } : {}));
  const made = [cross(["a", "c"]), cross(["b", "m"]), pastRate("d"), pastRate(["a", "e"])];
  const numbers = [numeric("n", { scale: "log" }), numeric("m", { buckets: 9 })];
  const schema = { label: "y", features: [...names, ...numbers, ...made] };
  const file = new File([oddTable(220_000)], "odd.csv");
  assert(file.size > 10_000_000);
  const all: unknown[] = [];
  for (const processors of [1, 2, 4]) {
    await withProcessors(processors, async () => {
      const data = await readCsv(file, schema, { onBadRow: "skip" });
      const again = await readCsv(file, data.schema, { onBadRow: "skip" });
      const { schema: fitted, ...rest } = data;
      const { schema: _, ...fittedRest } = again;
      assert(data.skipped > 20 && data.missingLabels > 20);
      all.push({ fitted: fitted.toJSON(), rest, fittedRest });
      await assertRejects(() => readCsv(file, schema), SyntaxError, '"odd.csv" line 5');
    });
  }
  assertEquals(all[1], all[0]);
  assertEquals(all[2], all[0]);
});
