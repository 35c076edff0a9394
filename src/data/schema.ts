/**
 * What the columns of a data set mean: the label and the features, as they are declared before any data is read.
 *
 * @module
 */
import { type DeclaredLabels, labelColumns, parseLabels, requireReal } from "./declared_labels.ts";
import { formatValue } from "./format.ts";
import { isKept } from "./kept_names.ts";
import { requireSequences, sequence, type SequenceFeature, type SequenceOptions } from "./sequence.ts";
import { requireCount, requireKeys, requireText } from "./schema_checks.ts";

export { type DeclaredLabels, labelColumns } from "./declared_labels.ts";
export { type Combiner, sequence, type SequenceFeature, type SequenceOptions } from "./sequence.ts";

/** A feature whose values are names: one row of the embedding table for each. */
export interface CategoricalFeature {
  /** Says that this is a categorical feature. */
  readonly kind: "categorical";
  /** Name of the field in the model. */
  readonly name: string;
  /** Column of the file. */
  readonly column: string;
  /** Values that occur fewer times than this in the training data share the out-of-vocabulary row. */
  readonly minCount: number;
}

/**
 * How a number is scaled before it multiplies its embedding row.
 *
 * | scale | value |
 * | --- | --- |
 * | `none` | x |
 * | `log` | sign(x) ln(1 + abs(x)) |
 * | `standard` | (x - mean) / standard deviation, both over the training data; the divisor of a constant is 1 |
 * | `minmax` | (x - min) / (max - min), likewise; outside [0, 1] for numbers beyond those seen |
 */
export type Scale = "none" | "log" | "standard" | "minmax";

/** A feature whose values are numbers. */
export interface NumericFeature {
  /** Says that this is a numeric feature. */
  readonly kind: "numeric";
  /** Name of the field in the model. */
  readonly name: string;
  /** Column of the file. */
  readonly column: string;
  /** Scaling of the number; `none` when there are buckets. */
  readonly scale: Scale;
  /** How many quantile buckets the number is cut into, each with a row of its own; absent for none. */
  readonly buckets?: number;
  /** Whether numbers beyond those of the training data are moved to the nearest of them. */
  readonly clamp?: boolean;
}

/** A declared feature. */
export type Feature = CategoricalFeature | NumericFeature | SequenceFeature;

/**
 * The declared columns of a data set: features, and one label or several, or times until an end.
 *
 * A label has exactly two values, and a row with any other is malformed. Several labels, and whether an end was seen, are
 * declared alike:
 *
 * | declared | label 1 | label 0 |
 * | --- | --- | --- |
 * | nothing | the number 1 | the number 0, or -1 in its place |
 * | `positive` | that text | the first other text |
 * | `positive`, `negative` | the one text | the other text |
 * | `threshold` | numbers above it | other numbers |
 *
 * With `real`, the one label is a number to predict, such as a rating or the seconds that something was watched.
 */
export type Schema = DeclaredColumns & DeclaredLabels;

/** What a {@linkcode Schema} declares besides the columns of its labels. */
export interface DeclaredColumns {
  /** Text of the label that means 1. */
  readonly positive?: string;
  /** Text of the label that means 0, beside `positive`; several labels with a `positive` need it. */
  readonly negative?: string;
  /** Number that cuts labels in two: those above it mean 1, all others 0. It does not go with `positive`. */
  readonly threshold?: number;
  /** Whether the label is a number to predict, by squared loss. It goes with one `label`, which has no classes then. */
  readonly real?: boolean;
  /** Column of numbers, or of dates such as `2014-10-21 01:00:00`, kept beside the rows to split them by time. */
  readonly time?: string;
  /**
   * Column of the rows' weights, numbers of at least 0: how much a row counts in the loss and in the evaluation. Times have
   * theirs in `survival`.
   */
  readonly weight?: string;
  /** The features in the order of the fields; sequences come after all others. */
  readonly features: readonly Feature[];
}

/** Options of {@linkcode categorical}. */
export interface CategoricalOptions {
  /** Values that occur fewer times than this in the training data share the out-of-vocabulary row. @default {1} */
  minCount?: number;
  /** Column of the file. @default {name} */
  column?: string;
}

/** Options of {@linkcode numeric}. */
export interface NumericOptions {
  /** How the number is scaled. @default {"none"} */
  scale?: Scale;
  /** Number of quantile buckets, at least 2; each gets a row, and no scale applies. @default {none} */
  buckets?: number;
  /** Column of the file. @default {name} */
  column?: string;
  /**
   * Whether numbers beyond those of the training data are moved to the nearest of them, so that one of them cannot
   * decide a prediction alone. They are counted either way. Buckets need it not. @default {false}
   */
  clamp?: boolean;
}

/**
 * Declares a feature whose values are names.
 *
 * @throws {TypeError} when an option is unknown or of the wrong type
 * @throws {RangeError} when `minCount` is not an integer of at least 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(categorical("user", { minCount: 5 }).minCount, 5);
 * ```
 */
export function categorical(name: string, options: CategoricalOptions = {}): CategoricalFeature {
  const owner = `feature "${name}"`;
  requireKeys(owner, options, ["minCount", "column"]);
  const { minCount = 1, column = name } = options;
  requireText(owner, "name", name);
  requireText(owner, "column", column);
  requireCount(owner, "minCount", minCount, 1);
  return { kind: "categorical", name, column, minCount };
}

/**
 * Declares a feature whose values are numbers. Without buckets it is one row, multiplied by the scaled number; with
 * buckets it is cut at quantiles of the training data.
 *
 * @throws {TypeError} when an option is unknown, of the wrong type, or both `scale` and `buckets` are given
 * @throws {RangeError} when `scale` is not one of the four, or `buckets` not an integer of at least 2
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(numeric("price", { scale: "log" }).scale, "log");
 * assert.equal(numeric("age", { buckets: 10 }).buckets, 10);
 * ```
 */
export function numeric(name: string, options: NumericOptions = {}): NumericFeature {
  const owner = `feature "${name}"`;
  requireKeys(owner, options, ["scale", "buckets", "column", "clamp"]);
  const { scale = "none", buckets, column = name, clamp = false } = options;
  requireText(owner, "name", name);
  requireText(owner, "column", column);
  if (!["none", "log", "standard", "minmax"].includes(scale)) {
    throw new RangeError(
      `Cannot read schema: scale of ${owner} must be none, log, standard or minmax, received ${formatValue(scale)}`,
    );
  }
  if (typeof clamp !== "boolean") {
    throw new TypeError(`Cannot read schema: clamp of ${owner} must be true or false, received ${formatValue(clamp)}`);
  }
  if (buckets === undefined) return { kind: "numeric", name, column, scale, ...(clamp ? { clamp } : {}) };
  requireCount(owner, "buckets", buckets, 2);
  if (scale !== "none") {
    throw new TypeError(`Cannot read schema: ${owner} must have a scale or buckets, received both`);
  }
  if (clamp) throw new TypeError(`Cannot read schema: ${owner} must have clamp or buckets, received both`);
  return { kind: "numeric", name, column, scale, buckets };
}

/**
 * Reads a declared schema from what `JSON.parse` returned, and fills in the defaults.
 *
 * ```json
 * { "label": "click", "features": [{ "kind": "numeric", "name": "price", "scale": "log" },
 *                                  { "kind": "categorical", "name": "user", "minCount": 5 }] }
 * ```
 *
 * @throws {TypeError} when a key is unknown, absent or of the wrong type; the message names it
 * @throws {RangeError} when a value is out of its range, or two features share a name
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const schema = parseSchema({ label: "click", features: [{ kind: "categorical", name: "user" }] });
 * assert.deepEqual(schema.features, [categorical("user")]);
 * ```
 */
export function parseSchema(json: unknown): Schema {
  const { label, labels, survival, ...others } = requireKeys("it", json, SCHEMA_KEYS);
  const { positive, negative, threshold, real, time, weight, features } = others;
  for (const [key, value] of Object.entries({ positive, negative, time, weight })) {
    if (value !== undefined) requireText("it", key, value);
  }
  const declared = parseLabels({ label, labels, survival, positive, negative });
  if (weight !== undefined) requireWeight(weight as string, declared);
  const columns = labelColumns({ ...declared, weight: weight as string | undefined });
  if (negative !== undefined && (positive === undefined || positive === negative)) {
    throw new TypeError(
      `Cannot read schema: negative needs another text as positive, received ${formatValue(positive)}`,
    );
  }
  if (threshold !== undefined) requireThreshold(threshold, positive);
  if (real !== undefined) requireReal(real, { ...others, ...declared });
  if (!Array.isArray(features) || features.length === 0) {
    throw new TypeError(
      `Cannot read schema: features must be a list of at least one, received ${formatValue(features)}`,
    );
  }
  const parsed = sequencesLast(features.map(parseFeature));
  const names = new Set<string>();
  for (const { name, column } of parsed) {
    if (names.has(name)) {
      throw new RangeError(`Cannot read schema: names of features must differ, received "${name}" twice`);
    }
    names.add(name);
    if (columns.includes(column) && !isKept(name)) {
      throw new RangeError(
        `Cannot read schema: feature "${name}" must not be ${column === weight ? "the weight" : "the label"}`,
      );
    }
  }
  requireSequences(parsed);
  return {
    ...declared,
    ...(positive === undefined ? {} : { positive: positive as string }),
    ...(negative === undefined ? {} : { negative: negative as string }),
    ...(threshold === undefined ? {} : { threshold: threshold as number }),
    ...(real === true ? { real } : {}),
    ...(time === undefined ? {} : { time: time as string }),
    ...(weight === undefined ? {} : { weight: weight as string }),
    features: parsed,
  };
}

const SCHEMA_KEYS = [
  ...["label", "labels", "survival", "positive", "negative", "threshold", "real"],
  ...["time", "weight", "features"],
];

function requireWeight(weight: string, declared: DeclaredLabels): void {
  if (declared.survival) {
    throw new TypeError(`Cannot read schema: the weight of times belongs to survival, received "${weight}" beside it`);
  }
  if (labelColumns(declared).includes(weight)) {
    throw new RangeError(`Cannot read schema: weight must be another column than the label, received "${weight}"`);
  }
}

function parseFeature(json: unknown, index: number): Feature {
  const named = (json as { name?: unknown } | null | undefined)?.name;
  const owner = typeof named === "string" ? `feature "${named}"` : `feature ${index + 1}`;
  const { kind, name, ...options } = requireKeys(owner, json, ["kind", "name", ...FEATURE_KEYS]);
  requireText(owner, "name", name);
  if (kind === "categorical") return categorical(name as string, options as CategoricalOptions);
  if (kind === "numeric") return numeric(name as string, options as NumericOptions);
  if (kind === "sequence") return sequence(name as string, options as SequenceOptions);
  throw new RangeError(
    `Cannot read schema: kind of feature "${name}" must be categorical, numeric or sequence, received ${
      formatValue(kind)
    }`,
  );
}

const FEATURE_KEYS = [
  ...["column", "minCount", "scale", "buckets", "clamp"],
  ...["separator", "maxLength", "of", "along", "combiner", "weights"],
];

/** Fields have a cell in each row, sequences any number of them: they are kept apart, so they come in two groups. */
function sequencesLast(features: readonly Feature[]): Feature[] {
  const isSequence = ({ kind }: Feature) => kind === "sequence";
  return [...features.filter((feature) => !isSequence(feature)), ...features.filter(isSequence)];
}

function requireThreshold(threshold: unknown, positive: unknown): void {
  if (!Number.isFinite(threshold)) {
    throw new TypeError(`Cannot read schema: threshold must be a finite number, received ${formatValue(threshold)}`);
  }
  if (positive !== undefined) {
    throw new TypeError("Cannot read schema: label must have a threshold or positive, received both");
  }
}
