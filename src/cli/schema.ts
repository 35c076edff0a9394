/**
 * The schema that flags or a JSON file declare.
 *
 * @module
 */
import { categorical, type Feature, numeric, parseSchema, type Scale, type Schema } from "../data/schema.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that declare a schema. */
export const SCHEMA_OPTIONS = {
  schema: { value: "FILE", help: "JSON file with label and features, instead of the options below" },
  label: { value: "COLUMN", help: "column of the label" },
  positive: { value: "TEXT", help: "label that means 1; without it, a number above 0 does" },
  categorical: { value: "COLUMNS", help: "columns of names, with commas between them" },
  numeric: { value: "COLUMNS", help: "columns of numbers" },
  "min-count": { value: "N", help: "names that occur fewer times share the out-of-vocabulary row (default 1)" },
  scale: { value: "KIND", help: "scaling of numbers: standard (default), log, minmax or none" },
  buckets: { value: "N", help: "cut numbers into N quantile buckets instead of scaling them" },
  time: { value: "COLUMN", help: "column of times, for --split-by" },
} as const satisfies OptionGroups[string];

type SchemaOption = keyof typeof SCHEMA_OPTIONS;

const SCALES: readonly Scale[] = ["none", "log", "standard", "minmax"];

/**
 * Builds the declared schema.
 *
 * @throws {UsageError} when options are missing or exclude each other
 * @throws {SyntaxError} when the file is not JSON
 * @throws {TypeError} when the file declares something that is no schema
 */
export async function readSchema(options: Options<SchemaOption>): Promise<Schema> {
  const others = (Object.keys(SCHEMA_OPTIONS) as SchemaOption[]).filter((name) => name !== "schema");
  options.exclude("schema", others);
  const path = options.text("schema");
  if (path !== undefined) return await readSchemaFile(path);
  const label = options.required("label");
  const features = [...readCategorical(options), ...readNumeric(options)];
  if (features.length === 0) {
    options.refuse('option "--categorical" or "--numeric" is missing: the model needs at least one column');
  }
  requireDistinct(options, label, features);
  return parseSchema({ label, positive: options.text("positive"), time: options.text("time"), features });
}

async function readSchemaFile(path: string): Promise<Schema> {
  const text = await Deno.readTextFile(path).catch((error: Error) => {
    throw new Error(`Cannot read "${path}": ${error.message}`, { cause: error });
  });
  try {
    return parseSchema(JSON.parse(text));
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof SyntaxError) throw new SyntaxError(`Cannot read "${path}": ${message}`, { cause: error });
    throw new TypeError(`${message}, in "${path}"`, { cause: error });
  }
}

function readCategorical(options: Options<SchemaOption>): Feature[] {
  const names = options.list("categorical");
  options.require("categorical", ["min-count"]);
  const minCount = options.integer("min-count", 1);
  return names.map((name) => categorical(name, minCount === undefined ? {} : { minCount }));
}

function readNumeric(options: Options<SchemaOption>): Feature[] {
  const names = options.list("numeric");
  options.require("numeric", ["scale", "buckets"]);
  options.exclude("buckets", ["scale"]);
  const buckets = options.integer("buckets", 2);
  const scale = options.choice("scale", SCALES) ?? "standard";
  return names.map((name) => numeric(name, buckets === undefined ? { scale } : { buckets }));
}

function requireDistinct(options: Options<SchemaOption>, label: string, features: readonly Feature[]): void {
  const names = features.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) options.refuse(`column "${twice}" is named twice`);
  if (names.includes(label)) options.refuse(`column "${label}" is the label, it cannot be a feature too`);
}
