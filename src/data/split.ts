/**
 * Dividing rows into parts.
 *
 * @module
 */
import type { DatasetParts } from "./dataset_parts.ts";
import { rowNumbers, shuffled } from "./random.ts";
import { MISSING } from "./vocabulary.ts";

/** How rows are divided: at random, or in the order of their position or of a column. */
export type SplitOptions =
  | {
    /** Seed of the random division, an integer in [0, 2^32). */
    seed: number;
    by?: undefined;
  }
  | {
    /** `"position"`, the declared time column, or a numeric feature without buckets. */
    by: string;
    seed?: undefined;
  };

type Splittable = Pick<DatasetParts, "schema" | "rows" | "ids" | "values" | "times">;

/** Returns the row positions of each part. See `Dataset.split` for the rules. */
export function splitRows(data: Splittable, fractions: readonly number[], options: SplitOptions): Uint32Array[] {
  const cuts = cutRows(data.rows, fractions);
  if (options.by === undefined) {
    const order = shuffled(data.rows, options.seed);
    return takeParts(order, cuts).map((part) => part.sort());
  }
  const order = rowNumbers(data.rows);
  if (options.by === "position") return takeParts(order, cuts);
  const keys = readKeys(data, options.by);
  order.sort((a, b) => keys[a] - keys[b] || a - b);
  return takeParts(order, cuts.map((cut) => endOfTie(order, keys, cut)));
}

/** Returns where each part ends. */
function cutRows(rows: number, fractions: readonly number[]): number[] {
  let sum = 0;
  const cuts = fractions.map((fraction) => Math.round((sum += fraction) * rows));
  if (!fractions.every((fraction) => fraction > 0) || !(Math.abs(sum - 1) < 1e-9)) {
    throw new RangeError(`Cannot split data set: fractions must be above 0 and sum to 1, received ${fractions}`);
  }
  return cuts;
}

function takeParts(order: Uint32Array, cuts: readonly number[]): Uint32Array[] {
  return cuts.map((end, index) => {
    const start = index === 0 ? 0 : cuts[index - 1];
    if (end <= start) {
      throw new RangeError(
        `Cannot split data set: each part must have a row, received ${order.length} rows with none left for part ${
          index + 1
        }`,
      );
    }
    return order.slice(start, end);
  });
}

function readKeys({ schema, rows, ids, values, times }: Splittable, by: string): Float64Array | Float32Array {
  if (by === schema.time && times) return times;
  const index = schema.fields.findIndex(({ name, kind }) => name === by && kind === "numeric");
  if (index < 0 || values === undefined) {
    const known = schema.fields.filter(({ kind }) => kind === "numeric").map(({ name }) => `"${name}"`);
    if (times) known.unshift(`"${schema.time}"`);
    throw new RangeError(
      `Cannot split data set: column must be one of ${["position", ...known].join(", ")}, received "${by}"`,
    );
  }
  const { offset, missing } = schema.fields[index];
  const start = index * rows;
  if (missing && ids.subarray(start, start + rows).includes(offset + MISSING)) {
    throw new RangeError(`Cannot split data set: "${by}" must be known in every row, received missing values`);
  }
  return values.subarray(start, start + rows);
}

function endOfTie(order: Uint32Array, keys: Float64Array | Float32Array, cut: number): number {
  while (cut > 0 && cut < order.length && keys[order[cut]] === keys[order[cut - 1]]) cut++;
  return cut;
}
