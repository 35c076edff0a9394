import { padded } from "../../src/data/byte_table.ts";
import { CellCutter, type CutLines } from "../../src/data/cell_blocks.ts";
import { readCsv, readCsvWatched } from "../../src/data/csv.ts";
import type { ReadCsvOptions } from "../../src/data/csv_options.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { NumberCutter } from "../../src/data/number_cells.ts";
import { randomUnit } from "../../src/data/random.ts";
import { parseNumber } from "../../src/data/scaling.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { type CodedCells, TextPool } from "../../src/data/text_pool.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { file } from "./files.ts";

const SCHEMA: Schema = {
  label: "y",
  time: "t",
  features: [
    categorical("user"),
    categorical("rare", { minCount: 2 }),
    numeric("price", { scale: "standard" }),
    numeric("age", { buckets: 4 }),
    sequence("seen", { of: "user", maxLength: 2 }),
  ],
};

/** A watcher has every row as texts, which is the way that blocks must agree with. */
const WATCHER = { columns: [], row: () => {} };

/** Texts of odd forms, and some that are none of what their column holds. */
const FORMS: Record<string, readonly string[]> = {
  y: ["0", "1", "1", "0", "1", "0", "", "maybe"],
  t: ["1", "2", "3.5", "1e3", "4", "5", "6", "7", "now"],
  user: [
    "",
    "a",
    "bb",
    "ccc",
    "dddd",
    "eeeee",
    "longer than eight",
    "longer than eighty",
    "ü",
    "日本語です",
    "a ",
    "NA",
  ],
  price: ["", "1", "-2", "3.25", "1e-3", "NA", "0", "-0", " 7", "1e39", "0x10", "12345678.5"],
  age: ["", "1", "2", "3", "4", "5", "6", "70", "many"],
  seen: ["", "a", "a|bb", "a|bb|ccc", "x|ü|a|NA"],
};

/** Draws lines of the columns y, t, user, rare, price, age, seen and one that no feature reads. */
function drawLines(rows: number, seed: number, isOdd: boolean): string[] {
  const pick = (texts: readonly string[], row: number, column: number) => {
    // The last form of a column is rare, and mostly malformed.
    const place = randomUnit(seed, column, row) ** (isOdd ? 1.2 : 3);
    return texts[Math.floor(place * texts.length)];
  };
  return Array.from({ length: rows }, (_, row) => {
    const cells = Object.values(FORMS).map((texts, column) => pick(texts, row, column));
    cells.splice(3, 0, `r${Math.floor(randomUnit(seed, 9, row) * rows)}`);
    const odd = isOdd ? Math.floor(randomUnit(seed, 10, row) * 60) : -1;
    if (odd === 0) return "";
    if (odd === 1) return `${cells.join(",")},unread,more`;
    if (odd === 2) return "alone";
    return `${cells.join(",")},${row}`;
  });
}

const HEADER = "y,t,user,rare,price,age,seen,unread";

/** Everything that a data set holds, and what its schema is. */
function contentOf({ schema, ...rest }: Dataset) {
  return { ...rest, schema: JSON.stringify(schema.toJSON()) };
}

/** Checks that a text gives the same data set in blocks as row by row, fitting and fitted. */
async function check(text: string | Uint8Array<ArrayBuffer>, options: ReadCsvOptions = {}): Promise<Dataset> {
  const skip = { onBadRow: "skip", missing: ["", "NA"], ...options } as const;
  const data = await readCsv(file(text), SCHEMA, skip);
  const expected = await readCsvWatched(file(text), SCHEMA, skip, WATCHER);
  assertEquals(contentOf(data), contentOf(expected));
  const { missing: _, ...fitted } = skip;
  const { schema } = await readCsv(file([HEADER, ...drawLines(50, 7, false)].join("\n")), SCHEMA, skip);
  const again = await readCsv(file(text), schema, fitted);
  assertEquals(contentOf(again), contentOf(await readCsvWatched(file(text), schema, fitted, WATCHER)));
  return data;
}

Deno.test("blocks of cells give the bytes, counts and reasons that rows give", async () => {
  for (const [seed, end] of [[1, "\n"], [2, "\r\n"], [3, "\n"]] as const) {
    const data = await check([HEADER, ...drawLines(600, seed, true)].join(end));
    assert(data.rows > 100 && data.skipped > 20 && data.missingLabels > 10, `${data.rows} ${data.skipped}`);
  }
});

Deno.test("blocks of cells bring texts into the form that rows bring them into, and fill in what is missing", async () => {
  const prepared: Schema = {
    ...SCHEMA,
    trim: true,
    features: [
      categorical("user", { lowerCase: true, ifMissing: "mode" }),
      categorical("rare", { minCount: 2, newValueBuckets: 3 }),
      categorical("hashed", { column: "user", hashBuckets: 5 }),
      numeric("price", { scale: "standard", ifMissing: "median" }),
      numeric("age", { buckets: [2, 5], ifMissing: { value: 3 } }),
    ],
  };
  const text = [HEADER, ...drawLines(600, 8, true).map((line) => line.replace(",a ,", ",A,"))].join("\n");
  const skip = { onBadRow: "skip", missing: ["", "NA"] } as const;
  for (const trim of [true, undefined]) {
    const schema = { ...prepared, trim };
    const data = await readCsv(file(text), schema, skip);
    assertEquals(contentOf(data), contentOf(await readCsvWatched(file(text), schema, skip, WATCHER)));
    const again = await readCsv(file(text), data.schema, { onBadRow: "skip" });
    assertEquals(
      contentOf(again),
      contentOf(await readCsvWatched(file(text), data.schema, { onBadRow: "skip" }, WATCHER)),
    );
  }
});

Deno.test("blocks of cells know the numbers that mean missing in each form that texts have", async () => {
  const rows = ["-1", " -1", "-1.0", "1e3", "1E3", "999", "７", "7", "x"].map((text, i) => `${i % 2},${text}`);
  const text = ["y,n", ...rows].join("\n");
  for (const missing of [["-1"], [" -1 ", "1E3"], ["999", "７"]]) {
    for (const rules of [{}, { trim: true }, { lowerCase: true }, { unicode: "NFKC" }] as const) {
      const schema: Schema = { label: "y", features: [numeric("n")], ...rules };
      const skip = { onBadRow: "skip", missing } as const;
      const data = await readCsv(file(text), schema, skip);
      assertEquals(contentOf(data), contentOf(await readCsvWatched(file(text), schema, skip, WATCHER)));
    }
  }
});

Deno.test("blocks of cells come from any text that begins and ends oddly", async () => {
  const lines = drawLines(40, 4, false);
  for (const end of ["", "\n", "\n\n\r\n", "\r\n"]) await check(["", "\r", HEADER, "", ...lines].join("\n") + end);
  await check(`\ufeff${[HEADER, ...lines].join("\r\n")}`);
  await check(lines.join("\n"), { header: HEADER.split(",") });
  await check([HEADER.replaceAll(",", "\t"), ...lines.map((line) => line.replaceAll(",", "\t"))].join("\n"));
  await check([HEADER, ...lines, `1,2,"quoted, ""text""\nover lines",r1,1,2,a,u`, ...lines].join("\n"));
  await check([HEADER, ...lines, `1,2,a"b,r1,1,2,a,u`].join("\n"), { quotes: false });
});

Deno.test("blocks of cells agree with rows over many blocks, with quotes in some of them", async () => {
  const lines = drawLines(30_000, 5, false);
  lines[200] = `1,2,"quoted",r1,1,2,a,u`;
  lines[20_000] = `1,2,"never closed,r1,1,2,a,u`;
  lines[29_000] = `1,2,"over\nlines",r1,1,2,a,u`;
  const text = [HEADER, ...lines].join("\n");
  assert(text.length > 3 << 18);
  const data = await check(text);
  assertEquals(data.skippedReasons.filter((reason) => reason.includes("quotes")).length <= 1, true);
});

Deno.test("blocks of cells refuse bytes that are no UTF-8, wherever they are", async () => {
  const bytes = new TextEncoder().encode([HEADER, ...drawLines(20_000, 6, false)].join("\n"));
  for (const at of [3, 5000, bytes.length - 3]) {
    const broken = bytes.with(at, 0xff);
    await assertRejects(() => readCsv(file(broken), SCHEMA, { onBadRow: "skip" }), SyntaxError, "utf-8");
  }
});

/** Cells of one column as a pool reads them. */
function readColumn(pool: { read: TextPool["read"] }, texts: readonly string[]): CodedCells {
  const bytes = new TextEncoder().encode(texts.map((text) => `${text},`).join(""));
  const nexts = new Uint32Array(texts.length);
  let at = 0;
  texts.forEach((text, row) => nexts[row] = at += new TextEncoder().encode(text).length + 1);
  const starts = Uint32Array.from(nexts, (_, row) => row === 0 ? 0 : nexts[row - 1]);
  return pool.read({ ...padded(bytes), ascii: undefined }, starts, nexts, texts.length);
}

Deno.test("a pool gives up on a column whose texts are all new, and knows the texts of others", () => {
  const [many, few] = [new TextPool(), new TextPool()];
  const lengths = [0, 0];
  for (let block = 0; block < 40; block++) {
    const rows = Array.from({ length: 2048 }, (_, i) => 2048 * block + i);
    const columns = [rows.map((row) => `row number ${row}`), rows.map((row) => `value ${row % 100}`)];
    [many, few].forEach((pool, i) => {
      const { texts, codes } = readColumn(pool, columns[i]);
      assertEquals(Array.from(codes, (code) => texts[code]), columns[i]);
      lengths[i] = texts.length;
    });
  }
  assertEquals(lengths, [2048, 100]);
});

Deno.test("a column of numbers is read from bytes as from texts, and keeps the texts that are none", () => {
  const texts = [
    "0",
    "-0",
    "7",
    "-12.5",
    "007",
    "0.1",
    "123456789012345",
    "0.12345678901234567",
    "1e3",
    "1.5e-7",
    "",
    "NA",
  ];
  const others = ["1e40", "1234567890123456", " 1", "1_0", "+1", ".5", "5.", "-", "1E3", "0x10", "é", "Infinity"];
  const cutter = new NumberCutter(["", "NA"]);
  const all = [...texts, ...others];
  const bytes = new TextEncoder().encode(all.join(",") + ",");
  const nexts = Uint32Array.from(all, (_, row) => new TextEncoder().encode(all.slice(0, row + 1).join(",")).length + 1);
  const starts = Uint32Array.from(nexts, (_, row) => row === 0 ? 0 : nexts[row - 1]);
  const { numbers, odd } = cutter.read({ ...padded(bytes), ascii: undefined }, starts, nexts, all.length);
  assertEquals([...numbers.subarray(0, texts.length)], texts.map(parseNumber));
  assertEquals([...odd], others.map((text, i) => [texts.length + i, text]));
});

Deno.test("a cutter tells lines with another number of cells, and lines that it leaves to others", () => {
  const setup = { width: 2, delimiter: ",", quotes: true, wanted: new Set([1]), numbers: new Map() };
  const cut = (text: string) => new CellCutter(setup).cut(new TextEncoder().encode(text));
  const { count, lines, columns, odd } = cut("1,a\n2,b\n3\n\n4,c,d\r\n5,e\r\n") as CutLines;
  const { texts, codes } = columns[1] as CodedCells;
  assertEquals([count, [...lines], Array.from(codes, (code) => texts[code])], [6, [0, 1, 5], ["a", "b", "e"]]);
  assertEquals(odd, [{ line: 2, row: 2, cells: ["3"] }, { line: 4, row: 2, cells: ["4", "c", "d"] }]);
  assertEquals(cut('1,"a"\n'), "quoted");
  assertEquals(new CellCutter(setup).cut(Uint8Array.of(49, 44, 0xff, 10)), "undecodable");
});
