/**
 * What becomes of a model's tensors where its schema has grown.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { RowOrigins } from "../data/grow.ts";
import { formatValue } from "../data/format.ts";
import type { Table } from "../graph/parameter.ts";
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

/**
 * Returns a model's tensors for a schema that has grown: rows of values there were keep their numbers, at their new places.
 *
 * @param tables the tables with the rows of the grown schema
 * @param seed seed of the first values of new rows, those of an initializer
 * @param alike rows of the old schema whose mean new rows begin with
 */
export function extendTensors(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  tables: ReadonlyMap<string, Table>,
  origins: RowOrigins,
  { newRows = "initializer", embeddingInitializer }: ExtendOptions,
  seed: number,
  alike: ReadonlyMap<number, readonly number[]> = new Map(),
): Record<string, CheckpointTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const table = tables.get(name);
      if (!table || table.rows !== origins.from.length) return [name, tensor];
      const { rows, dim } = table;
      const initializer = dim > 1 && embeddingInitializer ? embeddingInitializer : table.initializer;
      const old = tensor.data as Float32Array;
      const data = new Float32Array(rows * dim);
      for (let row = 0; row < rows; row++) {
        const from = origins.from[row] >= 0 || newRows === "initializer" ? origins.from[row] : origins.unseen[row];
        const own = data.subarray(row * dim, (row + 1) * dim);
        const like = alike.get(row);
        if (like) own.set(meanOf(old, like, dim));
        else if (from >= 0) own.set(old.subarray(from * dim, (from + 1) * dim));
        else initializer.fill(own, { seed, name, fanIn: rows, fanOut: dim, offset: row * dim });
      }
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

/** Returns the frozen rows at their new places. */
export function movedRows(frozen: FrozenRows, from: Int32Array): Record<string, number[]> {
  return Object.fromEntries(frozen.tables.map((name) => {
    const rows = new Set(frozen.of(name));
    return [name, [...from.keys()].filter((row) => rows.has(from[row]))];
  }));
}
