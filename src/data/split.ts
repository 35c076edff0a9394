/**
 * Dividing rows into parts.
 *
 * @module
 */
import type { DatasetParts } from "./dataset_parts.ts";
import { divideGroups, groupsBy } from "./groups.ts";
import { rowNumbers, shuffled } from "./random.ts";
import { divideStrata, strataOf } from "./strata.ts";
import { MISSING } from "./vocabulary.ts";

/** How rows are divided: at random, by groups or labels, or in the order of their position or of a column. */
export type SplitOptions =
  | {
    /** Seed of the random division, an integer in [0, 2^32). */
    seed: number;
    by?: undefined;
    column?: undefined;
  }
  | {
    /** Rows of one value of `column` stay together. */
    by: "group";
    /** A categorical field; readers that divide, such as `readCsvSplit`, take any column. */
    column: string;
    seed: number;
  }
  | {
    /** Each part has the same share of each label. */
    by: "label";
    seed: number;
    column?: undefined;
  }
  | {
    /** `"position"`, the declared time column, or a numeric feature without buckets. */
    by: string;
    seed?: undefined;
    column?: undefined;
  };

/** What of a data set decides how it is divided. */
export type Splittable = Pick<
  DatasetParts,
  "schema" | "rows" | "ids" | "values" | "times" | "labels" | "labeled" | "ownPast"
>;

/** Returns the row positions of each part. See `Dataset.split` for the rules. */
export function splitRows(data: Splittable, fractions: readonly number[], options: SplitOptions): Uint32Array[] {
  requireSeparable(data);
  const cuts = cutRows(data.rows, fractions);
  if (options.by === undefined) {
    const order = shuffled(data.rows, options.seed);
    return takeParts(order, cuts).map((part) => part.sort());
  }
  if (options.column !== undefined) {
    requireBy("group", options.by);
    return collectParts(divideGroups(groupsBy(data, options.column), fractions, options.seed), fractions.length);
  }
  if (options.seed !== undefined) {
    requireBy("label", options.by);
    return collectParts(divideStrata(strataOf(data), fractions, options.seed), fractions.length);
  }
  const order = rowNumbers(data.rows);
  if (options.by === "position") return takeParts(order, cuts);
  const keys = readKeys(data, options.by);
  order.sort((a, b) => keys[a] - keys[b] || a - b);
  return takeParts(order, cuts.map((cut) => endOfTie(order, keys, cut)));
}

/**
 * Refuses rows with statistics of the past that were made of all of them: rows to train on would know labels of others.
 *
 * @throws {TypeError} then
 */
export function requireSeparable({ ownPast }: Pick<DatasetParts, "ownPast">): void {
  if (!ownPast) return;
  throw new TypeError(
    "Cannot split data set: statistics of the past know the labels of all rows; readDataSplit and readCsvFolds divide " +
      "rows first",
  );
}

/** Tells the options of a split from others beside them. */
export function takeSplitOptions<T>(options: SplitOptions & T): [SplitOptions, Omit<T, keyof SplitOptions>] {
  const { seed, by, column, ...others } = options;
  return [{ seed, by, column } as SplitOptions, others as Omit<T, keyof SplitOptions>];
}

function requireBy(expected: "group" | "label", by: string): void {
  if (by === expected) return;
  const given = expected === "group" ? "a column" : "a seed";
  throw new RangeError(`Cannot split data set: by must be "${expected}" where there is ${given}, received "${by}"`);
}

/**
 * Lists the rows of each part, in their order.
 *
 * @param partOf part of each row
 * @throws {RangeError} when a part has none
 */
export function collectParts(partOf: Uint32Array, parts: number): Uint32Array[] {
  const counts = new Uint32Array(parts);
  for (const part of partOf) counts[part]++;
  requireRows(counts, partOf.length);
  const rows = [...counts].map((count) => new Uint32Array(count));
  counts.fill(0);
  partOf.forEach((part, row) => rows[part][counts[part]++] = row);
  return rows;
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
  requireRows(cuts.map((end, index) => end - (index === 0 ? 0 : cuts[index - 1])), order.length);
  return cuts.map((end, index) => order.slice(index === 0 ? 0 : cuts[index - 1], end));
}

function requireRows(counts: ArrayLike<number>, rows: number): void {
  const empty = Array.from(counts).findIndex((count) => count <= 0);
  if (empty < 0) return;
  throw new RangeError(
    `Cannot split data set: each part must have a row, received ${rows} rows with none left for part ${empty + 1}`,
  );
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
  const { offset, missing, fill } = schema.fields[index];
  if (fill !== undefined) {
    throw new RangeError(`Cannot split data set: "${by}" must be known in every row, received one with ifMissing`);
  }
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
