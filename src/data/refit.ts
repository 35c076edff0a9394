/**
 * Splitting rows before the schema is fitted, so that vocabularies, scalings and buckets know the training rows only.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import { readCsv, type ReadCsvOptions, type Source } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { featuresOf, type FittedSchema } from "./fitted_schema.ts";
import { keepTexts, keptCells, keptTexts, unpackCell } from "./kept_texts.ts";
import { readCached, readData, type ReadDataOptions } from "./read_data.ts";
import type { Row } from "./rows.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { type Fold, type FoldOptions, kFold } from "./folds.ts";
import { type SplitOptions, takeSplitOptions } from "./split.ts";

/** Options of {@linkcode readCsvSplit}: how the rows are divided, and how the files are read. */
export type ReadCsvSplitOptions = SplitOptions & ReadCsvOptions;

/** Options of {@linkcode readDataSplit}: how the rows are divided, and how the files are read. */
export type ReadDataSplitOptions = SplitOptions & ReadDataOptions;

/**
 * Reads delimited text as `readCsv` does, divides the rows as `Dataset.split` does, and fits the schema to the first
 * part alone: a value that only the other parts have is unseen there, as it will be in rows yet to come. All parts are
 * encoded with that schema. The first part counts the rows that were left out of the whole.
 *
 * @param source file or files to read
 * @param schema declared schema
 * @param fractions share of each part, which sum to 1
 * @throws {RangeError} when a part would be empty, the first has no positive label, or there is no column to split by
 * @throws {Error} as `readCsv` does
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical } from "./schema.ts";
 *
 * const rows = ["click,user", "1,a", "0,b", "1,b", "0,c"].join("\n");
 * const schema = { label: "click", features: [categorical("user")] };
 * const [training, test] = await readCsvSplit(new File([rows], "c.csv"), schema, [0.75, 0.25], { by: "position" });
 * assert.deepEqual([training.rows, test.rows, test.outOfVocabulary], [3, 1, [1]]);
 * ```
 */
export async function readCsvSplit(
  source: Source | readonly Source[],
  schema: Schema,
  fractions: readonly number[],
  options: ReadCsvSplitOptions,
): Promise<Dataset[]> {
  const [by, reading] = takeSplitOptions<ReadCsvOptions>(options);
  const whole = await readCsv(source, keepTexts(parseSchema(schema), by.column), reading);
  return refitSplit(whole, schema, fractions, by);
}

/**
 * Reads delimited text as `readCsv` does, and divides the rows into folds as `kFold` does. For each fold, the schema is
 * fitted to the rows of the others alone, as `readCsvSplit` does for its first part.
 *
 * @returns the folds, each encoded when it is asked for
 * @throws {RangeError} when a fold would be empty, or the others have no positive label, or there is no such column
 * @throws {Error} as `readCsv` does
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical } from "./schema.ts";
 *
 * const rows = ["click,user", "1,a", "0,b", "1,b", "0,c"].join("\n");
 * const schema = { label: "click", features: [categorical("user")] };
 * for (const { training, test } of await readCsvFolds(new File([rows], "c.csv"), schema, 2, { seed: 1, stratify: true })) {
 *   assert.deepEqual([training.rows, test.rows], [2, 2]);
 * }
 * ```
 */
export async function readCsvFolds(
  source: Source | readonly Source[],
  schema: Schema,
  k: number,
  options: FoldOptions & ReadCsvOptions,
): Promise<Generator<Fold>> {
  const { seed, groups, stratify, ...reading } = options;
  const whole = await readCsv(source, keepTexts(parseSchema(schema), groups), reading);
  return refitFolds(whole, schema, k, { seed, groups, stratify });
}

/**
 * Divides rows that were read with {@linkcode keepTexts} into folds, and for each of them fits the schema to the others.
 *
 * @throws {RangeError} when a fold would be empty, or the others have no positive label, or there is no such column
 */
export function refitFolds(whole: Dataset, schema: Schema, k: number, options: FoldOptions): Generator<Fold> {
  const folds = kFold(whole, k, options);
  return (function* () {
    for (const { training, test } of folds) {
      const [fitted, held] = refitParts(whole, schema, [training, test]);
      yield { training: fitted, test: held };
    }
  })();
}

/**
 * Reads data as `readData` does and divides them as {@linkcode readCsvSplit} does: the schema is fitted to the first
 * part alone.
 *
 * @param source files, folders and patterns, or rows in memory
 * @param schema declared schema
 * @param fractions share of each part, which sum to 1
 * @throws {RangeError} when a part would be empty, the first has no positive label, or there is no column to split by
 * @throws {Error} as `readData` does
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical } from "./schema.ts";
 *
 * const rows = [{ y: 1, user: "a" }, { y: 0, user: "b" }, { y: 1, user: "new" }];
 * const schema = { label: "y", features: [categorical("user")] };
 * const [training, test] = await readDataSplit(rows, schema, [2 / 3, 1 / 3], { by: "position" });
 * assert.deepEqual([training.rows, test.outOfVocabulary], [2, [1]]);
 * ```
 */
export async function readDataSplit(
  source: Source | readonly Source[] | readonly Row[],
  schema: Schema,
  fractions: readonly number[],
  options: ReadDataSplitOptions,
): Promise<Dataset[]> {
  const [by, reading] = takeSplitOptions<ReadDataOptions>(options);
  const kept = keepTexts(parseSchema(schema), by.column);
  const encode = async (how: ReadDataOptions) => refitSplit(await readData(source, kept, how), schema, fractions, by);
  return await readCached(source, schema, reading, encode, { fractions, ...by });
}

/**
 * Splits rows that were read with {@linkcode keepTexts}, fits the schema to the first part and encodes the others
 * with it. Rows of libsvm files, whose fields all keep their texts, need no such reading.
 *
 * @throws {RangeError} when a part would be empty, the first has no positive label, or there is no column to split by
 */
export function refitSplit(
  whole: Dataset,
  schema: Schema,
  fractions: readonly number[],
  by: SplitOptions,
): Dataset[] {
  return refitParts(whole, schema, whole.split(fractions, by));
}

/** Fits the schema to the first of the parts of `whole`, and encodes all of them with it. */
function refitParts(whole: Dataset, schema: Schema, [training, ...others]: readonly Dataset[]): Dataset[] {
  const { tasks, survival, real } = whole.schema;
  const lacking = survival || real ? undefined : tasks.find((_, task) => training.classesOf(task).positives === 0);
  if (lacking !== undefined) {
    const what = whole.schema.labels ? `a positive label "${lacking}"` : "a positive label";
    throw new RangeError(`Cannot split data: the training part must have ${what}, received none`);
  }
  // The part may lack the negative label that the whole has.
  const { negative } = whole.schema;
  const fitted = encodeKept(training, negative === undefined ? schema : { ...schema, negative }, whole);
  return [fitted, ...others.map((part) => encodeKept(part, fitted.schema))];
}

/**
 * Encodes rows that were read with {@linkcode keepTexts} with a fitted schema.
 */
export function refitWith(whole: Dataset, schema: FittedSchema): Dataset {
  return encodeKept(whole, schema);
}

/**
 * Encodes rows that carry their texts afresh; the counts of rows left out are those of `read`.
 *
 * @param before schema of the rows before, whose statistics of the past go on
 */
export function encodeKept(part: Dataset, schema: Schema | FittedSchema, read = part, before?: FittedSchema): Dataset {
  const { times } = part;
  const { fields, missing, trim } = part.schema;
  const builder = new DatasetBuilder(schema, { labeled: true, timed: times !== undefined, missing, trim, before });
  const features = featuresOf(schema);
  const isPlain = !fields.some(({ weighted }) => weighted) && features.every(({ kind }) => kind !== "sequence");
  if (isPlain) addBlocks(builder, part, features.length);
  else addRows(builder, part, features.length);
  const { skipped, skippedReasons: reasons, missingLabels } = read;
  return builder.finish({ skipped, reasons, missingLabels });
}

/** Rows of a block: what is done once for a block takes little time then. */
const BLOCK_ROWS = 1 << 14;

/** Adds the rows of a part by the numbers of their texts. */
function addBlocks(builder: DatasetBuilder, part: Dataset, count: number): void {
  const { rows, times, labelColumns } = part;
  const cells = keptCells(part, count);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const end = Math.min(rows, start + BLOCK_ROWS);
    const block = {
      rows: end - start,
      texts: cells.map((cellsOf) => cellsOf(start, end)),
      labelsAt: (row: number) => labelColumns.map((column) => column[start + row]),
      timeAt: (row: number) => times && String(times[start + row]),
    };
    builder.addBlock(block, (row, { reason }) => refuse(start + row, reason));
  }
}

/** Adds the rows of a part one by one, lists and values of occurrences included. */
function addRows(builder: DatasetBuilder, part: Dataset, count: number): void {
  const { rows, values, times, schema: { fields } } = part;
  const labels = part.labelColumns;
  const texts = keptTexts(part, count);
  const first = fields.length - texts.length;
  for (let row = 0; row < rows; row++) {
    const fault = builder.add({
      texts: texts.map((textAt) => unpackCell(textAt(row))),
      weights: values && texts.map((_, f) => values[(first + f) * rows + row]),
      labels: labels.map((column) => column[row]),
      time: times && String(times[row]),
    });
    if (fault) refuse(row, fault.reason);
  }
}

function refuse(row: number, reason: string): never {
  throw new Error(`Cannot encode row ${row} again: ${reason}`);
}
