/**
 * Tables whose folders hold further columns, such as `dt=2026-11-27`.
 *
 * @module
 */
import type { CellBlock } from "./cell_blocks.ts";
import type { Source } from "./source.ts";
import { partitionsOf } from "./source_list.ts";
import type { Table, TableRecord } from "./table.ts";

/** Returns a table that has, behind its own columns, those that the names of its folders hold. */
export function withPartitions(table: Table, source: Source): Table {
  const partitions = partitionsOf(source);
  if (partitions.length === 0) return table;
  const texts = partitions.map(({ text }) => text);
  const width = table.columns.length;
  const appendTexts = (records: TableRecord[]): TableRecord[] => {
    for (const record of records) {
      const { cells } = record;
      if (cells?.length === width) cells.push(...texts);
      // With the texts behind it, such a row could have as many cells as the table has columns.
      else if (cells) record.wrong = `expected ${width} fields, received ${cells.length}`;
    }
    return records;
  };
  const lists = texts.map((text) => [text]);
  const appendColumns = (block: CellBlock): CellBlock => {
    const codes = new Uint32Array(block.rows);
    return { ...block, columns: [...block.columns, ...lists.map((list) => ({ texts: list, codes }))] };
  };
  return {
    name: table.name,
    unit: table.unit,
    columns: [...table.columns, ...partitions.map(({ name }) => ({ name }))],
    get allowsNext() {
      return table.allowsNext;
    },
    async *records(wanted) {
      const own = new Set([...wanted].filter((position) => position < width));
      for await (const records of table.records(own)) yield appendTexts(records);
    },
    ...(table.blocks && {
      async *blocks(wanted: ReadonlySet<number>, numbers: ReadonlyMap<number, readonly string[]>) {
        const own = new Set([...wanted].filter((position) => position < width));
        const ownNumbers = new Map([...numbers].filter(([position]) => position < width));
        for await (const part of table.blocks!(own, ownNumbers)) {
          yield Array.isArray(part) ? appendTexts(part) : appendColumns(part);
        }
      },
    }),
    // The table that was opened is closed by who opened it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
