/**
 * What the columns of a data set mean: the label and the features, as they are declared before any data is read.
 *
 * @module
 */
import { type DeclaredLabels, labelColumns, parseLabels, requireReal } from "./declared_labels.ts";
import { requirePast } from "./derived/declared_past.ts";
import { columnsOf } from "./derived/derivation.ts";
import { resolveParts } from "./derived/parts.ts";
import {
  categorical,
  type CategoricalFeature,
  type CategoricalOptions,
  numeric,
  type NumericFeature,
  type NumericOptions,
  VALUE_OPTIONS,
} from "./field_features.ts";
import { formatValue } from "./format.ts";
import { isKept } from "./kept_names.ts";
import { requireNeighbors } from "./neighbors.ts";
import { requireSequences, sequence, type SequenceFeature, type SequenceOptions } from "./sequence.ts";
import { requireKeys, requireText } from "./schema_checks.ts";
import { parseTextRules, TEXT_RULES, type TextRules } from "./text_rules.ts";

export { type DeclaredLabels, labelColumns } from "./declared_labels.ts";
export {
  categorical,
  type CategoricalFeature,
  type CategoricalOptions,
  numeric,
  type NumericFeature,
  type NumericOptions,
  type Scale,
} from "./field_features.ts";
export { type Combiner, sequence, type SequenceFeature, type SequenceOptions } from "./sequence.ts";
export type { TextRules } from "./text_rules.ts";

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
export interface DeclaredColumns extends TextRules {
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
  const parsed = resolveParts(sequencesLast(features.map(parseFeature).flatMap(withIndicator)));
  const names = new Set<string>();
  for (const feature of parsed) {
    const { name } = feature;
    if (names.has(name)) {
      throw new RangeError(`Cannot read schema: names of features must differ, received "${name}" twice`);
    }
    names.add(name);
    const label = columnsOf(feature).find((column) => columns.includes(column));
    if (label !== undefined && !isKept(name)) {
      throw new RangeError(
        `Cannot read schema: feature "${name}" must not be ${label === weight ? "the weight" : "the label"}`,
      );
    }
  }
  requireSequences(parsed);
  requirePast(parsed, declared, time);
  requireNeighbors(parsed);
  return {
    ...declared,
    ...(positive === undefined ? {} : { positive: positive as string }),
    ...(negative === undefined ? {} : { negative: negative as string }),
    ...(threshold === undefined ? {} : { threshold: threshold as number }),
    ...(real === true ? { real } : {}),
    ...(time === undefined ? {} : { time: time as string }),
    ...(weight === undefined ? {} : { weight: weight as string }),
    ...parseTextRules("it", others),
    features: parsed,
  };
}

const SCHEMA_KEYS = [
  ...["label", "labels", "survival", "positive", "negative", "threshold", "real"],
  ...["time", "weight", "features"],
  ...TEXT_RULES,
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
  ...["column", "minCount", "hashBuckets", "newValueBuckets", "scale", "buckets", "clamp", "from"],
  ...[...VALUE_OPTIONS, "presence", ...TEXT_RULES],
  ...["separator", "maxLength", "of", "along", "combiner", "weights"],
];

/** Puts the field that says where a feature's value is missing behind the feature. */
function withIndicator(feature: Feature): Feature[] {
  if (feature.kind === "sequence" || !feature.indicator) return [feature];
  const { indicator: _, ...plain } = feature;
  const { name, column } = feature;
  return [plain, categorical(`${name}_missing`, { column, presence: true, ...parseTextRules(name, feature) })];
}

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
