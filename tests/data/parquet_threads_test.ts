import type { ColumnCells } from "../../src/data/cell_blocks.ts";
import { readParquet } from "../../src/data/parquet.ts";
import { ParquetCells } from "../../src/data/parquet/cells.ts";
import { ParquetFile } from "../../src/data/parquet/file.ts";
import { ParquetReading } from "../../src/data/parquet/reading.ts";
import { categorical, numeric, type Schema } from "../../src/data/schema.ts";
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

/** Columns of all kinds, in row groups of a quarter of the rows. */
function manyColumns(rows: number): ArrayBuffer {
  const column = (name: string, cell: (row: number) => unknown, type?: "INT64" | "DOUBLE" | "FLOAT") => ({
    ...{ name, type, data: Array.from({ length: rows }, (_, row) => row % 13 === 5 ? null : cell(row)) },
  });
  const columnData = [
    { name: "y", data: Array.from({ length: rows }, (_, row) => row % 2) },
    column("user", (row) => `u${row * row % 97}`),
    column("item", (row) => `i${row * 7919 % 30_011}`),
    column("text", (row) => `the text of row ${row}, ä`),
    column("id", (row) => BigInt(row % 700) ** 6n, "INT64"),
    column("count", (row) => row % 1000 === 7 ? -1 : row % 300),
    column("share", (row) => row % 8 === 0 ? 0 : (row % 1000) / 7, "DOUBLE"),
    column("short", (row) => (row % 100) / 10, "FLOAT"),
    column("large", (row) => BigInt(row % 3) * 9007199254740993n, "INT64"),
  ];
  return parquetWriteBuffer({ columnData, rowGroupSize: Math.ceil(rows / 4) });
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
        using reading = new ParquetReading(path, file, columns, 0);
        const first = textsOf(await reading.read(file.groups[0])());
        await waitFor(reading);
        const others = file.groups.slice(1).map((group) => reading.read(group));
        const read = [first];
        for (const cells of others) read.push(textsOf(await cells()));
        assertEquals(read, expected);
      });
    }
  });
});

Deno.test("a long file has the bytes of its parts, whatever the number of threads", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/many.parquet`;
    const bytes = new Uint8Array(manyColumns(230_000));
    await Deno.writeFile(path, bytes);
    const names = ["user", "item", "text", "id"].map((name) => categorical(name));
    const numbers = ["count", "share", "short", "large"].map((name) => numeric(name));
    const schema: Schema = { label: "y", features: [...names, ...numbers] };
    const options = { missing: ["", "-1"] };
    const inMemory = await readParquet(new File([bytes], "many.parquet"), schema, options);
    for (const processors of [1, 2, 4]) {
      await withProcessors(processors, async () => {
        const { schema: fitted, ids, values, coverage } = await readParquet(path, schema, options);
        assertEquals(await fitted.fingerprint(), await inMemory.schema.fingerprint());
        assertEquals(coverage, inMemory.coverage);
        assert(ids.every((id, i) => id === inMemory.ids[i]));
        assert(values!.every((value, i) => value === inMemory.values![i]));
      });
    }
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
      using reading = new ParquetReading(path, file, columns, 0);
      await waitFor(reading);
      await Deno.writeFile(path, bytes.fill(255, 4, 200));
      const [first, second] = file.groups.map((group) => reading.read(group));
      await assertRejects(first, SyntaxError, 'many.parquet" rows 1 to 250: column "y" is damaged');
      await second();
    });
  });
});
