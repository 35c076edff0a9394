import { openDelimited } from "../../src/data/csv.ts";
import { Cutters } from "../../src/data/cutting/cutters.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { cross } from "../../src/data/derived/cross.ts";
import { dateParts } from "../../src/data/derived/dates.ts";
import { pastCount, pastRate } from "../../src/data/derived/past.ts";
import { openParquet } from "../../src/data/parquet.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import type { Source } from "../../src/data/source.ts";
import type { Table } from "../../src/data/table.ts";
import { readTableParts, readTables, type TableRequest } from "../../src/data/table_reading.ts";
import type { WatchedRow } from "../../src/data/watcher.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";

const SCHEMA: Schema = {
  label: "y",
  time: "at",
  features: [
    categorical("user"),
    numeric("price", { buckets: 4 }),
    categorical("size", { hashBuckets: 50 }),
    sequence("tags"),
    ...dateParts("day", { parts: ["weekday", "month"] }),
    cross(["user", "size"], { minCount: 2 }),
    cross(["size", "price"]),
    cross(["y2", "size", "day_weekday"], { hashBuckets: 100 }),
    pastRate("size"),
    pastCount(["size", "y2"], { window: 5000 }),
  ],
};

/** Cells of a row, some of which no field can take. */
function rowOf(row: number): (string | null)[] {
  return [
    row % 701 === 3 ? "maybe" : row % 307 === 5 ? null : String(row % 3 % 2),
    String(row),
    row % 5 === 0 ? null : `u${row * 7919 % 3001}`,
    row % 997 === 9 ? "cheap" : row % 7 === 0 ? null : String(row % 100 / 8),
    `s${row % 600}`,
    row % 4 === 0 ? null : `a${row % 9}|b`,
    `row number ${row}`,
    row % 499 === 12 ? "someday" : row % 8 === 2 ? null : `2026-0${1 + row % 9}-1${row % 7}`,
    row % 3 === 0 ? null : String(row % 4),
  ];
}

const NAMES = ["y", "at", "user", "price", "size", "tags", "id", "day", "y2"];
const ROWS = 30_000;

/** Lines with quotes, and lines with too few cells, between those that are cut byte by byte. */
function csv(): File {
  const lines = [NAMES.join(",")];
  for (let row = 0; row < ROWS; row++) {
    const cells = rowOf(row).map((cell) => cell ?? "");
    lines.push((row % 9001 === 8000 ? cells.with(6, '"over\n""two"" lines"') : cells).join(","));
    if (row % 4001 === 7) lines.push("1,too few");
  }
  return new File([lines.join("\n")], "rows.csv");
}

function parquet(): File {
  const rows = Array.from({ length: ROWS }, (_, row) => rowOf(row));
  const columnData = NAMES.map((name, c) => ({ name, data: rows.map((cells) => cells[c]) }));
  return new File([parquetWriteBuffer({ columnData, rowGroupSize: 7000 })], "rows.parquet");
}

/** The same table, whose rows come one by one. */
function withoutBlocks(table: Table): Table {
  return Object.create(table, { blocks: { value: undefined } });
}

type Open = (source: Source) => Promise<Table>;

/** All that is told of a reading. */
async function readAll(source: File, open: Open, request: TableRequest, rows: number): Promise<unknown> {
  const watched: WatchedRow[] = [];
  const watcher = { columns: ["id", "user", "y"], row: (row: WatchedRow) => watched.push(row) };
  const parts: unknown[] = [];
  for await (const part of readTableParts(source, open, { ...request, watcher }, rows)) parts.push(tellOf(part));
  return { watched, parts };
}

function tellOf({ rows, ids, values, labels, times, histories, coverage, skipped, missingLabels }: Dataset): unknown {
  return { rows, ids, values, labels, times, histories, coverage, skipped, missingLabels };
}

const openCsv: Open = (one) => openDelimited(one, {}, new Cutters());

for (const [source, open] of [[csv(), openCsv], [parquet(), openParquet]] as [File, Open][]) {
  Deno.test(`parts of ${source.name}, told row by row, are the same from blocks and from rows`, async () => {
    const rowByRow: Open = async (one) => withoutBlocks(await open(one));
    const options = { onBadRow: "skip" } as const;
    const [data, again] = await Promise.all(
      [open, rowByRow].map((how) => readTables(source, how, { schema: SCHEMA, options })),
    );
    assertEquals(tellOf(data), tellOf(again));
    const { schema } = data;
    assertEquals(await schema.fingerprint(), await again.schema.fingerprint());
    for (const rows of [1000, 9999, Infinity]) {
      for (const limit of [1, 1000, 12_345, Infinity]) {
        const request = { schema, options: { ...options, limit } };
        assertEquals(await readAll(source, open, request, rows), await readAll(source, rowByRow, request, rows));
      }
    }
    const request = { schema, options: {} };
    const refuse = (how: Open) => assertRejects(() => readAll(source, how, request, 1000), SyntaxError);
    assertEquals((await refuse(open)).message, (await refuse(rowByRow)).message);
  });
}
