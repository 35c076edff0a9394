/**
 * Rows that a fitted schema grows by.
 *
 * @module
 */
import type { Source } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { type GrowOptions, joinSchemas, requireGrowOptions, settleSchema } from "./grow.ts";
import { keepTexts } from "./kept_texts.ts";
import { readData, type ReadDataOptions } from "./read_data.ts";
import { encodeKept } from "./refit.ts";
import { countRows } from "./row_counts.ts";
import type { Row } from "./rows.ts";
import type { Feature, Schema } from "./schema.ts";

/**
 * Reads data as `readData` does with a fitted schema that grows by them: values that the schema lacks get rows, and those
 * that it has keep theirs. Scalings, buckets and what stands in for missing values stay. Sequences that share the
 * vocabulary of a field grow with it. The rows are encoded with the grown schema, which `Model.extend` gives a model.
 *
 * New values come behind those there are, by falling count. `dropUnseenFor` drops old ones, but no parts of dates.
 * Statistics of the past go on: those of the new rows are what they would be if all rows were read at once, and the schema
 * then knows all of them.
 *
 * @param source files, folders and patterns, or rows in memory
 * @param schema schema of a model that was trained before
 * @throws {RangeError} when an option is out of its range, or a statistic of the past cannot go on: a row has no later time
 * than all before, or a window has more than 1,048,576 rows
 * @throws {Error} as `readData` does
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical } from "./schema.ts";
 * import { readRows } from "./rows.ts";
 *
 * const yesterday = readRows([{ y: 1, user: "a" }, { y: 0, user: "b" }], { label: "y", features: [categorical("user")] });
 * const today = await readDataGrown([{ y: 1, user: "c" }, { y: 0, user: "a" }], yesterday.schema);
 * assert.deepEqual([today.schema.fields[0].vocabulary, today.schema.generation], [["a", "b", "c"], 2]);
 * ```
 */
export async function readDataGrown(
  source: Source | readonly Source[] | readonly Row[],
  schema: FittedSchema,
  options: GrowOptions & ReadDataOptions = {},
): Promise<Dataset> {
  const { minCount, dropUnseenFor, ...reading } = options;
  requireGrowOptions(options);
  const { missing, trim } = schema;
  const whole = await readData(source, keepTextsToGrow(schema), { trim, ...reading, missing });
  return refitGrown(whole, schema, { minCount, dropUnseenFor });
}

/**
 * Encodes rows that were read with {@linkcode keepTexts} with a schema that grows by them.
 *
 * @throws {RangeError} when an option is out of its range, or a statistic of the past cannot go on
 */
export function refitGrown(whole: Dataset, schema: FittedSchema, options: GrowOptions): Dataset {
  requireGrowOptions(options);
  const today = encodeKept(whole, declareAll(schema), whole, schema).schema;
  const joined = joinSchemas(schema, today);
  const counts = countRows(encodeKept(whole, joined));
  return encodeKept(whole, settleSchema(schema, joined, counts, options), whole, schema);
}

/**
 * Declares, beside the features of a schema that is to grow, what {@linkcode keepTexts} does.
 *
 * @param group column whose texts are kept too
 */
export function keepTextsToGrow(schema: FittedSchema, group?: string): Schema {
  return keepTexts(declareAll(schema), group);
}

/** Declares the features of a fitted schema so that all values of new rows are counted. */
function declareAll(schema: FittedSchema): Schema {
  const declared = schema.declared();
  return { ...declared, features: declared.features.map(toCountAll) };
}

/** Declares a feature so that each of its values counts, however rare, and none needs to be there to stand in for others. */
function toCountAll(feature: Feature): Feature {
  if (feature.kind === "sequence") return feature.of === undefined ? { ...feature, minCount: 1 } : feature;
  const { ifMissing, ...plain } = feature;
  // A value that is named counts as often as it stands in.
  const named = typeof ifMissing === "object" ? { ...plain, ifMissing } as typeof feature : plain as typeof feature;
  if (named.kind === "numeric" || named.hashBuckets !== undefined) return named;
  const { newValueBuckets: _, ...rest } = named;
  return { ...rest, minCount: 1 };
}
