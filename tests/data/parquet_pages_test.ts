import { textAt } from "../../src/data/cell_blocks.ts";
import { ParquetCells } from "../../src/data/parquet/cells.ts";
import { ParquetFile } from "../../src/data/parquet/file.ts";
import { readRuns } from "../../src/data/parquet/runs.ts";
import { randomU32 } from "../../src/data/random.ts";
import type { Source } from "../../src/data/source.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";

const FOLDER = new URL("../golden/parquet/", import.meta.url);

/** Columns that hold one value a row. */
function flatColumns({ columns }: ParquetFile): number[] {
  return [...columns.keys()].filter((position) => !columns[position].isList && columns[position].refused === undefined);
}

/** The texts of a file's columns by the library's lists of values. */
async function listedTexts(file: ParquetFile): Promise<unknown[]> {
  const texts: unknown[] = [];
  for (const group of file.groups) {
    for (const position of flatColumns(file)) {
      const values = await file.read(group, position);
      texts.push(Array.from(values, (value) => file.columns[position].toCell(value)));
    }
  }
  return texts;
}

/** The same by cells, of texts or of numbers. */
async function cellTexts(file: ParquetFile, asNumbers: boolean): Promise<unknown[]> {
  const positions = flatColumns(file);
  const numbers = new Map(asNumbers ? positions.map((position) => [position, [""]]) : []);
  const cells = new ParquetCells(file, { wanted: new Set(positions), numbers });
  const texts: unknown[] = [];
  for (const group of file.groups) {
    const columns = await cells.read(group);
    for (const position of positions) {
      texts.push(Array.from({ length: group.rows }, (_, row) => textAt(columns[position]!, row)));
    }
  }
  return texts;
}

async function requireSame(source: Source): Promise<void> {
  const file = await ParquetFile.open(source);
  const expected = await listedTexts(file);
  assertEquals(await cellTexts(file, false), expected);
  assertEquals(await cellTexts(file, true), expected);
}

const TYPES = ["INT32", "INT64", "FLOAT", "DOUBLE", "STRING", "BOOLEAN"] as const;
const ENCODINGS = {
  INT32: ["PLAIN", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
  INT64: ["PLAIN", "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
  FLOAT: ["PLAIN", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"],
  DOUBLE: ["PLAIN", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"],
  STRING: ["PLAIN", "RLE_DICTIONARY", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
  BOOLEAN: ["PLAIN", "RLE"],
} as const;

/** Values of a type by row. */
const VALUES: Record<typeof TYPES[number], (row: number) => unknown> = {
  INT32: (row) => randomU32(1, row) % 1000 - 500,
  INT64: (row) => row % 50 === 0 ? 9007199254740993n * 1000n : BigInt(randomU32(2, row) % 40),
  FLOAT: (row) => (randomU32(3, row) % 300) / 10,
  DOUBLE: (row) => row % 70 === 0 ? 1e300 : (randomU32(4, row) % 300) / 7,
  STRING: (row) => row % 9 === 0 ? "" : `${"ä€x".repeat(row % 5)}${randomU32(5, row) % 60}`,
  BOOLEAN: (row) => randomU32(6, row) % 3 === 0,
};

/** Columns of all types and encodings, with missing values and without, in pages of a few rows. */
function manyColumns(rows: number, pageSize: number): File {
  const columnData = TYPES.flatMap((type) =>
    ENCODINGS[type].flatMap((encoding) =>
      [false, true].map((optional) => ({
        ...{ name: `${type} ${encoding} ${optional}`, type, encoding, nullable: optional },
        data: Array.from({ length: rows }, (_, row) => {
          const isMissing = optional && (row % 11 < 2 || Math.floor(row / 64) === 2);
          return isMissing ? null : VALUES[type](row);
        }),
      }))
    )
  );
  return new File([parquetWriteBuffer({ columnData, pageSize, rowGroupSize: 400 })], "many.parquet");
}

Deno.test("cells are the values that the library lists, for each type, encoding and version of pages", async () => {
  for (const pageSize of [100, 1000, 1 << 20]) await requireSame(manyColumns(1000, pageSize));
  for await (const { name } of Deno.readDir(FOLDER)) await requireSame(new URL(name, FOLDER));
});

Deno.test("a damaged page is refused by the name of its column, and never read as another number of rows", async () => {
  const bytes = new Uint8Array(await manyColumns(300, 500).arrayBuffer());
  const [head, tail] = [4, bytes.length - new DataView(bytes.buffer).getUint32(bytes.length - 8, true) - 8];
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const damaged = bytes.slice();
    for (let k = 0; k < 20; k++) damaged[head + randomU32(7, round, k) % (tail - head)] = randomU32(8, round, k) & 255;
    const file = await ParquetFile.open(new File([damaged], "x.parquet"));
    const cells = new ParquetCells(file, { wanted: new Set(flatColumns(file)), numbers: new Map() });
    try {
      for (const group of file.groups) {
        for (const column of await cells.read(group)) {
          assertEquals((column as { codes: Uint32Array }).codes.length, 300);
        }
      }
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
      assert(/^Cannot read "x.parquet" rows 1 to 300: column "[A-Z]/.test(error.message), error.message);
      refused++;
    }
  }
  assert(refused > 100, `${refused} of 300 were refused`);
});

Deno.test("a place behind the end of a dictionary is refused", async () => {
  const data = Array.from({ length: 8 }, (_, row) => row % 2 === 0 ? "a" : "b");
  const columnData = [{ name: "word", data, encoding: "RLE_DICTIONARY" as const, nullable: false }];
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, codec: "UNCOMPRESSED" }));
  // The places 0 and 1 in turns, in one bit each: a head for one packed group, then eight bits.
  const places = bytes.findIndex((byte, at) => byte === 1 && bytes[at + 1] === 3 && bytes[at + 2] === 0b10101010);
  assert(places > 0);
  bytes.set([2, 3, 0b11_01_11_00], places);
  const file = await ParquetFile.open(new File([bytes], "x.parquet"));
  const cells = new ParquetCells(file, { wanted: new Set([0]), numbers: new Map() });
  await assertRejects(
    () => cells.read(file.groups[0]),
    SyntaxError,
    'column "word" is damaged: expected',
  );
});

/** Writes numbers of so many bits as packed groups of eight and as runs in turns. */
function writeRuns(numbers: readonly number[], width: number): number[] {
  const bytes: number[] = [];
  const writeHead = (head: number) => {
    for (; head > 127; head >>>= 7) bytes.push(head & 127 | 128);
    bytes.push(head);
  };
  for (let at = 0; at < numbers.length;) {
    let run = 1;
    while (at + run < numbers.length && numbers[at + run] === numbers[at]) run++;
    if (run >= 8) {
      writeHead(run * 2);
      for (let byte = 0; byte < Math.ceil(width / 8); byte++) {
        bytes.push(Math.floor(numbers[at] / 2 ** (8 * byte)) & 255);
      }
      at += run;
      continue;
    }
    const groups = Math.min(20, Math.ceil((numbers.length - at) / 8));
    writeHead(groups * 2 + 1);
    let bits = 0n;
    for (let i = 8 * groups - 1; i >= 0; i--) bits = bits << BigInt(width) | BigInt(numbers[at + i] ?? 0);
    for (let byte = 0; byte < groups * width; byte++) bytes.push(Number(bits >> BigInt(8 * byte) & 255n));
    at += 8 * groups;
  }
  return bytes;
}

Deno.test("runs of numbers of each width are read, and refused where they end too early", () => {
  for (let width = 1; width <= 32; width++) {
    const numbers = Array.from({ length: 700 }, (_, i) => {
      const isRun = Math.floor(i / 100) % 2 === 1;
      return randomU32(width, isRun ? Math.floor(i / 50) : i) >>> (32 - width);
    });
    const bytes = Uint8Array.from(writeRuns(numbers, width));
    const read = new Uint32Array(numbers.length);
    readRuns(bytes, width, read);
    assertEquals([...read], numbers, `${width} bits`);
    for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - width]) {
      assertThrows(() => readRuns(bytes.subarray(0, length), width, read), Error, `700 numbers of ${width} bits`);
    }
  }
  // The last group ends with its last number.
  const three = new Uint32Array(3);
  readRuns(Uint8Array.of(3, 0b10_01_11), 2, three);
  assertEquals([...three], [3, 1, 2]);
});
