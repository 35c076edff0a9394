import type { Dataset } from "../../src/data/dataset.ts";
import type { ColumnCells } from "../../src/data/cell_blocks.ts";
import { openParquet, readParquet } from "../../src/data/parquet.ts";
import { ParquetCells, type WantedColumns } from "../../src/data/parquet/cells.ts";
import { ParquetFile } from "../../src/data/parquet/file.ts";
import { ParquetReading } from "../../src/data/parquet/reading.ts";
import { ParquetThreads } from "../../src/data/parquet/threads.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
import type { Source } from "../../src/data/source.ts";
import type { Table } from "../../src/data/table.ts";
import { readTables } from "../../src/data/table_reading.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { inFolder } from "../folder.ts";
import { withProcessors } from "./processors.ts";

/** Cells with texts in place of their numbers. */
function textsOf(columns: readonly (ColumnCells | undefined)[]): unknown {
  return columns.map((cells) =>
    cells && "codes" in cells ? Array.from(cells.codes, (code) => cells.texts[code]) : cells
  );
}

async function waitFor(reading: ParquetReading): Promise<void> {
  for (let wait = 0; !reading.isBeside && wait < 1000; wait++) await new Promise((done) => setTimeout(done, 10));
  assert(reading.isBeside);
}

/** Reads all row groups of a file in threads, but the first, which is read before they are there. */
async function readBeside(path: string, file: ParquetFile, columns: WantedColumns): Promise<unknown[]> {
  using threads = new ParquetThreads(0);
  const reading = new ParquetReading(path, file, columns, threads);
  const read = [textsOf(await reading.read(file.groups[0])())];
  await waitFor(reading);
  const others = file.groups.slice(1).map((group) => reading.read(group));
  for (const cells of others) read.push(textsOf(await cells()));
  return read;
}

/** Columns of all kinds, from row `first` on. */
function manyColumns(rows: number, first = 0, rowGroupSize = Math.ceil(rows / 4)): ArrayBuffer {
  const numbers = Array.from({ length: rows }, (_, row) => first + row);
  const column = (name: string, cell: (row: number) => unknown, type?: "INT64" | "DOUBLE" | "FLOAT") => ({
    ...{ name, type, data: numbers.map((row) => row % 13 === 5 ? null : cell(row)) },
  });
  const columnData = [
    { name: "y", data: numbers.map((row) => row % 2) },
    column("user", (row) => `u${row * row % 97}`),
    column("item", (row) => `i${row * 7919 % 30_011}`),
    column("text", (row) => `the text of row ${row}, ä`),
    column("id", (row) => BigInt(row % 700) ** 6n, "INT64"),
    column("count", (row) => row % 1000 === 7 ? -1 : row % 300),
    column("share", (row) => row % 8 === 0 ? 0 : (row % 1000) / 7, "DOUBLE"),
    column("short", (row) => (row % 100) / 10, "FLOAT"),
    column("large", (row) => BigInt(row % 3) * 9007199254740993n, "INT64"),
  ];
  return parquetWriteBuffer({ columnData, rowGroupSize });
}

Deno.test("threads read row groups as this one does, with numbers of texts that go on from one to the next", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/many.parquet`;
    await Deno.writeFile(path, new Uint8Array(manyColumns(1000)));
    const file = await ParquetFile.open(path);
    const wanted = new Set([0, 1, 3, 4, 5, 6, 7, 8]);
    const columns = { wanted, numbers: new Map([[5, ["", "-1", "7.0"]], [6, [""]], [7, [""]], [8, [""]]]) };
    const here = new ParquetCells(file, columns);
    const expected: unknown[] = [];
    for (const group of file.groups) expected.push(textsOf(await here.read(group)));
    for (const processors of [2, 3, 9]) {
      await withProcessors(processors, async () => {
        assertEquals(await readBeside(path, file, columns), expected);
      });
    }
  });
});

const SCHEMA: Schema = {
  label: "y",
  features: [
    ...["user", "item", "text", "id"].map((name) => categorical(name)),
    ...["count", "share", "short", "large"].map((name) => numeric(name)),
  ],
};

async function requireEqual(data: Dataset, expected: Dataset): Promise<void> {
  assertEquals(await data.schema.fingerprint(), await expected.schema.fingerprint());
  assertEquals(data.coverage, expected.coverage);
  assertEquals(data.rows, expected.rows);
  assert(data.ids.every((id, i) => id === expected.ids[i]));
  assert(data.values!.every((value, i) => value === expected.values![i]));
}

Deno.test("a long file has the same bytes whatever the number of threads", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/many.parquet`;
    const bytes = new Uint8Array(manyColumns(230_000));
    await Deno.writeFile(path, bytes);
    const options = { missing: ["", "-1"] };
    const inMemory = await readParquet(new File([bytes], "many.parquet"), SCHEMA, options);
    for (const processors of [1, 2, 4]) {
      await withProcessors(processors, async () => {
        await requireEqual(await readParquet(path, SCHEMA, options), inMemory);
      });
    }
  });
});

/** Reads the files of a folder in threads that are there from the start; resolves to how many were begun early, too. */
async function readFolder(folder: string, limit?: number): Promise<{ data: Dataset; early: number }> {
  using threads = new ParquetThreads(0);
  threads.begin(1, 9);
  for (let wait = 0; threads.ready.length === 0 && wait < 1000; wait++) {
    await new Promise((done) => setTimeout(done, 10));
  }
  let early = 0;
  const open = async (source: Source): Promise<Table> => {
    const table = await openParquet(source, threads);
    if (table.allowsNext) early++;
    return table;
  };
  return { data: await readTables(folder, open, { schema: SCHEMA, options: { limit } }), early };
}

Deno.test("files are begun before those before them are read, and have the bytes of one", async () => {
  await inFolder(async (folder) => {
    const [rows, cuts] = [4000, [0, 1500, 2600, 3500, 4000]];
    const whole = await readParquet(new File([manyColumns(rows)], "many.parquet"), SCHEMA);
    for (const [i, end] of cuts.slice(1).entries()) {
      const rowsOfPart = end - cuts[i];
      // The second has more row groups than those that are begun early.
      const part = manyColumns(rowsOfPart, cuts[i], i === 1 ? 300 : rowsOfPart);
      await Deno.writeFile(`${folder}/${i}.parquet`, new Uint8Array(part));
    }
    for (const processors of [2, 4]) {
      await withProcessors(processors, async () => {
        const { data, early } = await readFolder(folder);
        await requireEqual(data, whole);
        assertEquals(early, 3);
      });
    }
    // What is wrong with a file that was begun early is said when it comes, if it does.
    const bytes = new Uint8Array(manyColumns(100));
    await Deno.writeFile(`${folder}/4.parquet`, bytes.slice(0, 2000));
    await assertRejects(() => readFolder(folder), SyntaxError, '4.parquet": expected Parquet, received the beginning');
    await Deno.writeFile(`${folder}/4.parquet`, bytes.fill(255, 4, 200));
    await assertRejects(() => readFolder(folder), SyntaxError, '4.parquet" rows 1 to 25: column "y" is damaged');
    assertEquals((await readFolder(folder, 3600)).data.rows, 3600);
    await Deno.writeFile(`${folder}/0.parquet`, bytes);
    await assertRejects(() => readFolder(folder), SyntaxError, '0.parquet" rows 1 to 25');
  });
});

Deno.test("a row group that is damaged is refused by a thread as by this one", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/many.parquet`;
    const bytes = new Uint8Array(manyColumns(1000));
    await Deno.writeFile(path, bytes);
    const file = await ParquetFile.open(path);
    await withProcessors(3, async () => {
      const columns = { wanted: new Set([0, 1, 3, 5, 6]), numbers: new Map() };
      using threads = new ParquetThreads(0);
      const reading = new ParquetReading(path, file, columns, threads);
      await waitFor(reading);
      await Deno.writeFile(path, bytes.fill(255, 4, 200));
      const [first, second] = file.groups.map((group) => reading.read(group));
      await assertRejects(first, SyntaxError, 'many.parquet" rows 1 to 250: column "y" is damaged');
      await second();
    });
  });
});
