/**
 * What becomes of a model's tensors where its schema has grown.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { RowOrigins } from "../data/grow.ts";
import { formatValue } from "../data/format.ts";
import type { Table } from "../graph/parameter.ts";
import { rowInTable, schemaRows } from "../graph/row_spans.ts";
import type { Initializer } from "../initializer.ts";
import type { FrozenRows } from "../store/frozen_rows.ts";
import type { Content } from "./content.ts";

/** Options of {@linkcode Model.extend}. */
export interface ExtendOptions {
  /**
   * What rows of new values begin with: the table's `"initializer"`, or the row that stood for their field's `"unseen"`
   * values, so that the model predicts for a new value what it did before, and training takes it from there.
   *
   * @default {"initializer"}
   */
  newRows?: "initializer" | "unseen";
  /**
   * Lets a new value begin with the mean of the rows of known values that are like it: those that stand beside the same
   * value of another field in `data`. Values that nothing known is like begin as `newRows` says.
   *
   * @default none
   */
  content?: Content;
  /** Replaces the initializer of embeddings, as in `Model.create`; first-order weights keep theirs. */
  embeddingInitializer?: Initializer;
}

/**
 * Refuses options of extending a model that are out of their range.
 *
 * @throws {RangeError} then
 */
export function requireExtendOptions({ newRows = "initializer" }: ExtendOptions): void {
  if (newRows === "initializer" || newRows === "unseen") return;
  throw new RangeError(
    `Cannot extend model: newRows must be "initializer" or "unseen", received ${formatValue(newRows)}`,
  );
}

/** A table of a model whose schema has grown, and the same one before. */
export interface GrownTable {
  readonly before: Table;
  readonly after: Table;
}

/** Returns the tables of a model whose schema has grown by name. */
export function grownTables(
  before: ReadonlyMap<string, Table>,
  after: ReadonlyMap<string, Table>,
): ReadonlyMap<string, GrownTable> {
  return new Map([...after].map(([name, table]) => [name, { before: before.get(name)!, after: table }]));
}

/**
 * Returns for each row of a grown table a row of the table before, or -1.
 *
 * @param from for each row of the grown schema, a row of the old one, or -1
 */
export function rowsBefore({ before, after }: GrownTable, from: Int32Array): Int32Array<ArrayBuffer> {
  return Int32Array.from(schemaRows(after), (row) => from[row] < 0 ? -1 : rowInTable(before, from[row])!);
}

/**
 * Returns a model's tensors for a schema that has grown: rows of values there were keep their numbers, at their new places.
 *
 * @param tables the tables before and with the rows of the grown schema
 * @param seed seed of the first values of new rows, those of an initializer
 * @param alike rows of the old schema whose mean new rows begin with
 */
export function extendTensors(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  tables: ReadonlyMap<string, GrownTable>,
  origins: RowOrigins,
  { newRows = "initializer", embeddingInitializer }: ExtendOptions,
  seed: number,
  alike: ReadonlyMap<number, readonly number[]> = new Map(),
): Record<string, CheckpointTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const table = tables.get(name);
      if (!table) return [name, tensor];
      const { before, after: { rows, dim, ...after } } = table;
      const initializer = dim > 1 && embeddingInitializer ? embeddingInitializer : after.initializer;
      const old = tensor.data as Float32Array;
      const data = new Float32Array(rows * dim);
      const known = rowsBefore(table, origins.from);
      const unseen = newRows === "unseen" ? rowsBefore(table, origins.unseen) : undefined;
      schemaRows(after).forEach((schemaRow, row) => {
        const from = known[row] >= 0 || !unseen ? known[row] : unseen[row];
        const own = data.subarray(row * dim, (row + 1) * dim);
        const like = alike.get(schemaRow)?.map((other) => rowInTable(before, other)!);
        if (like) own.set(meanOf(old, like, dim));
        else if (from >= 0) own.set(old.subarray(from * dim, (from + 1) * dim));
        else initializer.fill(own, { seed, name, fanIn: rows, fanOut: dim, offset: row * dim });
      });
      return [name, { shape: [rows, dim], data }];
    }),
  );
}

/** Returns the mean of some rows, added up in float64. */
function meanOf(table: Float32Array, rows: readonly number[], dim: number): Float64Array {
  return Float64Array.from({ length: dim }, (_, d) => {
    return rows.reduce((sum, row) => sum + table[row * dim + d], 0) / rows.length;
  });
}

/** Returns the rows of a grown schema that were frozen before, by the name of their table. */
export function movedRows(
  frozen: FrozenRows,
  tables: ReadonlyMap<string, GrownTable>,
  from: Int32Array,
): Record<string, number[]> {
  return Object.fromEntries(frozen.tables.map((name) => {
    const before = schemaRows(tables.get(name)!.before);
    const rows = new Set(Array.from(frozen.of(name), (row) => before[row]));
    return [name, [...from.keys()].filter((row) => rows.has(from[row]))];
  }));
}

/** Returns {@linkcode rowsBefore} of all tables. */
export function rowsByTable(tables: ReadonlyMap<string, GrownTable>, from: Int32Array): Record<string, Int32Array> {
  return Object.fromEntries([...tables].map(([name, table]) => [name, rowsBefore(table, from)]));
}
