/**
 * Pretrained vectors in a model's tables.
 *
 * @module
 */
import { nameSource } from "../data/source.ts";
import type { Declarations, Table } from "../graph/parameter.ts";
import { rowInTable } from "../graph/row_spans.ts";
import type { FieldVectors } from "./vectors.ts";

/** Vectors with the table whose rows they become. */
export interface PlacedVectors {
  readonly table: Table;
  readonly vectors: FieldVectors;
}

/**
 * Finds the table of each field's vectors.
 *
 * @throws {TypeError} when there is none, it is unclear which one is meant, or its rows have another width
 */
export function placeVectors({ tables }: Declarations, read: readonly FieldVectors[]): PlacedVectors[] {
  return read.map((vectors) => {
    const table = tableOf(tables, vectors);
    const { field, width, options: { file } } = vectors;
    if (vectors.found > 0 && table.dim !== width) {
      throw new TypeError(
        `Cannot take pretrained vectors of "${field}": those in "${
          nameSource(file)
        }" have width ${width}, and rows of ` +
          `table "${table.name}" have width ${table.dim}; they must be equal, as with the option dim of the model, or dims of the field`,
      );
    }
    return { table, vectors };
  });
}

function tableOf(tables: ReadonlyMap<string, Table>, vectors: FieldVectors): Table {
  const { field, first, options: { table: name } } = vectors;
  const own = [...tables.values()].filter((table) => rowInTable(table, first) !== undefined);
  const wide = own.filter(({ dim }) => dim > 1);
  const found = name === undefined ? wide.length === 1 ? wide[0] : undefined : own.find((table) => table.name === name);
  if (found) return found;
  const known = own.map((table) => `"${table.name}" (width ${table.dim})`).join(", ") || "none";
  throw new TypeError(
    `Cannot take pretrained vectors of "${field}": table must name one of ${known}, received ${
      name === undefined ? "nothing" : `"${name}"`
    }`,
  );
}

/** Writes vectors over the first numbers of a table's rows from its row `first` on, where they are among them. */
export function overlayVectors(
  placed: readonly PlacedVectors[],
  table: Table,
  values: Float32Array<ArrayBuffer>,
  first: number,
): void {
  const end = first + values.length / table.dim;
  for (const { vectors: { rows, numbers, width } } of placed.filter((one) => one.table === table)) {
    rows.forEach((schemaRow, i) => {
      const row = rowInTable(table, schemaRow)!;
      if (row >= first && row < end) {
        values.set(numbers.subarray(i * width, (i + 1) * width), (row - first) * width);
      }
    });
  }
}

/** Returns the rows of the schema that training is to leave as they are, by table. */
export function frozenRowsOf(placed: readonly PlacedVectors[]): Record<string, number[]> {
  const frozen: Record<string, number[]> = {};
  for (const { table, vectors } of placed) {
    if (vectors.frozen) (frozen[table.name] ??= []).push(...vectors.rows);
  }
  return frozen;
}
