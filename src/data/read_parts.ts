/**
 * Reading data in parts, so that files of any length need the memory of one part.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { type ReadDataOptions, readWatchedParts } from "./read_data.ts";
import type { Source } from "./source.ts";

/** Options of {@linkcode readDataParts}: how long the parts are, and those of the files' form. */
export interface ReadDataPartsOptions extends Omit<ReadDataOptions, "cache" | "memory" | "onCache"> {
  /** Rows of a part, malformed ones included. @default {65536} */
  rows?: number;
}

/** Rows of a part where nothing else is told: as many as are on the device at a time. */
export const PART_ROWS = 1 << 16;

/**
 * Reads files as `readData` does with a fitted schema, part by part: rows come in their order, and each part is a data
 * set of its own that can be predicted or evaluated. There is at least one part; a part can be without rows, where all
 * of them are malformed and left out.
 *
 * @param source files, folders and patterns
 * @throws {RangeError} when `rows` is not a positive integer
 * @throws {Error} as `readData` does, when the part is read that has the cause
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readData } from "./read_data.ts";
 * import { categorical } from "./schema.ts";
 *
 * const file = new File(["y,user\n1,a\n0,b\n1,a\n"], "clicks.csv");
 * const { schema } = await readData(file, { label: "y", features: [categorical("user")] });
 * const rows: number[] = [];
 * for await (const part of readDataParts(file, schema, { rows: 2 })) rows.push(part.rows);
 * assert.deepEqual(rows, [2, 1]);
 * ```
 */
export async function* readDataParts(
  source: Source | readonly Source[],
  schema: FittedSchema,
  { rows = PART_ROWS, ...options }: ReadDataPartsOptions = {},
): AsyncGenerator<Dataset> {
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new RangeError(`Cannot read data: rows must be a positive integer, received ${formatValue(rows)}`);
  }
  yield* readWatchedParts(source, schema, options, undefined, rows);
}
