/**
 * The schema that flags or a JSON file declare.
 *
 * @module
 */
import {
  categorical,
  type Combiner,
  type Feature,
  numeric,
  parseSchema,
  type Scale,
  type Schema,
  sequence,
} from "../data/schema.ts";
import { DERIVED_OPTIONS, readDerived, readHashing } from "./derived.ts";
import { FEATURE_OPTIONS, type Preparation, readPreparation } from "./feature_options.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that declare a schema. */
export const SCHEMA_OPTIONS = {
  schema: { value: "FILE", help: "JSON file with label or labels and features, instead of the options below" },
  label: { value: "COLUMN", help: "column of the label" },
  labels: { value: "COLUMNS", help: "columns of several labels, each a task of the model; rows may lack some of them" },
  positive: { value: "TEXT", help: "label that means 1 (default: the number 1, against 0 or -1)" },
  negative: { value: "TEXT", help: "label that means 0 (default: the first other one); a third one is malformed" },
  threshold: { value: "X", help: "take numbers above X as label 1, all others as 0" },
  real: { help: "the label is a number to predict, such as a rating: squared loss, RMSE and MAE" },
  categorical: {
    value: "COLUMNS",
    help: "columns of names, with commas between them; quotes around a name, as in 'a,\"b, c\"',\nlet it hold commas",
  },
  numeric: { value: "COLUMNS", help: "columns of numbers" },
  sequences: {
    value: "COLUMNS",
    help: "columns of several names, the oldest first: history:item has the names of column item,\n" +
      "cates:cate@history runs along history, and tags=mean (sum, mean or max) is pooled\n" +
      "for models that read fields alone; --schema declares more",
  },
  separator: { value: "TEXT", help: "text between the names of a sequence (default |)" },
  "max-length": { value: "N", help: "latest names of a sequence that are kept (default 50)" },
  "min-count": { value: "N", help: "names that occur fewer times share the out-of-vocabulary row (default 1)" },
  scale: { value: "KIND", help: "scaling of numbers: standard (default), log, minmax or none" },
  ...FEATURE_OPTIONS,
  clamp: { help: "move numbers beyond those of the training data to the nearest of them" },
  time: { value: "COLUMN", help: "column of times, for --split-by" },
  ...DERIVED_OPTIONS,
  weight: { value: "COLUMN", help: "column of weights: how much a row counts in the loss and in the evaluation" },
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
  options.exclude("label", ["labels"]);
  const labels = options.has("labels") ? options.exact("labels") : [options.required("label")];
  options.exclude("threshold", ["positive", "negative"]);
  options.exclude("real", ["labels", "threshold", "positive"]);
  options.require("positive", ["negative"]);
  options.require("categorical", ["hash-buckets", "new-value-buckets"]);
  if (!options.has("sequences") && !options.has("cross")) options.require("categorical", ["min-count"]);
  const preparation = readPreparation(options, options.exact("numeric"), options.exact("categorical"));
  const fields = [
    ...[...readCategorical(options, preparation), ...readNumeric(options, preparation)],
    ...readDerived(options, options.integer("min-count", 1)),
  ];
  if (fields.length === 0) {
    options.refuse('option "--categorical" or "--numeric" is missing: the model needs at least one column');
  }
  const features = [...fields, ...readSequences(options)];
  const weight = options.text("weight");
  if (weight !== undefined && [...labels, ...features.map(({ name }) => name)].includes(weight)) {
    options.refuse(`column "${weight}" is the weight, it cannot be a label or a feature too`);
  }
  requireDistinct(options, labels, features);
  if (options.has("labels")) requireSeveral(options, labels);
  return parseSchema({
    ...(options.has("labels") ? { labels } : { label: labels[0] }),
    positive: options.text("positive"),
    negative: options.text("negative"),
    threshold: options.number("threshold"),
    ...(options.has("real") && { real: true }),
    time: options.text("time"),
    weight,
    ...preparation.texts,
    features,
  });
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

function readCategorical(options: Options<SchemaOption>, preparation: Preparation): Feature[] {
  const names = options.exact("categorical");
  const hashingOf = readHashing(options, names, options.integer("min-count", 1));
  return names.map((name) =>
    categorical(name, {
      ...hashingOf(name),
      ifMissing: preparation.missingName(name),
      indicator: preparation.hasIndicator(name),
    })
  );
}

function readNumeric(options: Options<SchemaOption>, preparation: Preparation): Feature[] {
  options.require("numeric", ["scale", "buckets", "clamp"]);
  if (preparation.bucketsAll) options.exclude("buckets", ["scale", "clamp"]);
  const scale = options.choice("scale", SCALES) ?? "standard";
  const clamp = options.has("clamp");
  return options.exact("numeric").map((name) => {
    const buckets = preparation.bucketsOf(name);
    return numeric(name, {
      ...(buckets === undefined ? { scale, clamp } : { buckets }),
      ifMissing: preparation.missingNumber(name),
      indicator: preparation.hasIndicator(name),
    });
  });
}

function readSequences(options: Options<SchemaOption>): Feature[] {
  options.require("sequences", ["separator", "max-length"]);
  const common = { separator: options.text("separator"), maxLength: options.integer("max-length", 1) };
  const minCount = options.integer("min-count", 1);
  return options.exact("sequences").map((text) => {
    const match = SEQUENCE.exec(text);
    if (match === null) {
      return options.refuse(
        `option "--sequences" must be like history:item, cates:cate@history or tags=mean, received "${text}"`,
      );
    }
    const [, name, of, along, combiner] = match;
    return sequence(name, {
      ...{ ...common, of, along, combiner: combiner as Combiner | undefined },
      ...(of === undefined && { minCount }),
    });
  });
}

/** Column, column whose names it has, sequence that it runs along, combiner. */
const SEQUENCE = /^([^:@=]+)(?::([^:@=]+))?(?:@([^:@=]+))?(?:=(sum|mean|max))?$/;

function requireSeveral(options: Options<SchemaOption>, labels: readonly string[]): void {
  if (labels.length < 2 || new Set(labels).size < labels.length) {
    options.refuse(`option "--labels" must be two or more different columns, received "${options.text("labels")}"`);
  }
  if (options.has("positive") && !options.has("negative")) {
    options.refuse('option "--negative" is missing: several labels with "--positive" need it');
  }
}

function requireDistinct(
  options: Options<SchemaOption>,
  labels: readonly string[],
  features: readonly Feature[],
): void {
  const names = new Set<string>();
  for (const { name } of features) {
    if (names.has(name)) options.refuse(`column "${name}" is named twice`);
    names.add(name);
  }
  const label = labels.find((column) => names.has(column));
  if (label !== undefined) options.refuse(`column "${label}" is the label, it cannot be a feature too`);
}
