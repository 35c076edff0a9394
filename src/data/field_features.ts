/**
 * Features with one cell in each row: names and numbers, as they are declared.
 *
 * @module
 */
import { type IfMissing, parseNumberAbsence, parseTextAbsence } from "./absence.ts";
import { type Buckets, parseBuckets } from "./bucket_edges.ts";
import { readPast } from "./derived/declared_past.ts";
import { type CrossOf, type DateOf, type DeclaredDateOf, type PastOf, readDerivation } from "./derived/derivation.ts";
import { formatValue } from "./format.ts";
import { type HashBuckets, readHashBuckets } from "./hash_buckets.ts";
import { parseSwitches, requireCount, requireKeys, requireText } from "./schema_checks.ts";
import { parseTextRules, TEXT_RULES, type TextRules } from "./text_rules.ts";

/** A feature whose values are names: one row of the embedding table for each. */
export interface CategoricalFeature extends TextRules, HashBuckets {
  /** Says that this is a categorical feature. */
  readonly kind: "categorical";
  /** Name of the field in the model. */
  readonly name: string;
  /** Column of the file. */
  readonly column: string;
  /** Values that occur fewer times than this in the training data have no row of their own. */
  readonly minCount: number;
  /** How the values are made of columns, which takes the place of {@linkcode CategoricalFeature.column}. */
  readonly from?: CrossOf | DateOf;
  /** What becomes of a missing value; absent for a row of its own. */
  readonly ifMissing?: IfMissing<string>;
  /** Whether a field beside this one says where the value is missing. */
  readonly indicator?: boolean;
  /** Whether all values are one, so that only their presence counts. */
  readonly presence?: boolean;
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
  /** What the number is cut into, each bucket with a row of its own; absent for none. */
  readonly buckets?: Buckets;
  /** Whether numbers beyond those of the training data are moved to the nearest of them. */
  readonly clamp?: boolean;
  /** How the numbers are made of the past, which takes the place of {@linkcode NumericFeature.column}. */
  readonly from?: PastOf;
  /** Whether blanks around the text are removed; absent for what the schema says. */
  readonly trim?: boolean;
  /** What becomes of a missing number; absent for a row of its own. */
  readonly ifMissing?: IfMissing<number>;
  /** Whether a field beside this one says where the number is missing. */
  readonly indicator?: boolean;
}

/** Options of {@linkcode categorical}. */
export interface CategoricalOptions extends TextRules {
  /** Values that occur fewer times than this in the training data share the out-of-vocabulary row. @default {1} */
  minCount?: number;
  /**
   * Rows that values are hashed to in place of a vocabulary, so that each value has one, whenever it comes first; some
   * share theirs. @default {none}
   */
  hashBuckets?: number;
  /**
   * Rows beside the vocabulary that all other values are hashed to, the new and those rarer than `minCount`, in place of
   * the out-of-vocabulary row. @default {none}
   */
  newValueBuckets?: number;
  /** Column of the file. @default {name} */
  column?: string;
  /** How the values are made of columns, as `cross` and `dateParts` declare it. @default {the text of `column`} */
  from?: CrossOf | DeclaredDateOf;
  /** What becomes of a missing value. @default {"own"} */
  ifMissing?: IfMissing<string>;
  /** Whether there is a field `NAME_missing` as well, which says where the value is missing. @default {false} */
  indicator?: boolean;
  /** Whether all values are one, so that the field only says whether there is a value. @default {false} */
  presence?: boolean;
}

/** Options of {@linkcode numeric}. */
export interface NumericOptions {
  /** How the number is scaled. @default {"none"} */
  scale?: Scale;
  /** Number of quantile buckets, edges between buckets, or `log`; each bucket gets a row, and no scale applies. @default {none} */
  buckets?: Buckets;
  /** Column of the file. @default {name} */
  column?: string;
  /**
   * Whether numbers beyond those of the training data are moved to the nearest of them, so that one of them cannot
   * decide a prediction alone. They are counted either way. Buckets need it not. @default {false}
   */
  clamp?: boolean;
  /** How the numbers are made of the past, as `pastRate` and `pastCount` declare it. @default {the number of `column`} */
  from?: PastOf;
  /** Whether blanks around the text are removed. @default {as the schema says} */
  trim?: boolean;
  /** What becomes of a missing number. @default {"own"} */
  ifMissing?: IfMissing<number>;
  /** Whether there is a field `NAME_missing` as well, which says where the number is missing. @default {false} */
  indicator?: boolean;
}

/**
 * Declares a feature whose values are names.
 *
 * @throws {TypeError} when an option is unknown, of the wrong type, or does not go with another
 * @throws {RangeError} when a number is not an integer of at least 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(categorical("user", { minCount: 5 }).minCount, 5);
 * assert.equal(categorical("user", { hashBuckets: 100_000 }).hashBuckets, 100_000);
 * ```
 */
export function categorical(name: string, options: CategoricalOptions = {}): CategoricalFeature {
  const owner = `feature "${name}"`;
  requireKeys(owner, options, [
    ...["minCount", "hashBuckets", "newValueBuckets", "column", "from"],
    ...[...VALUE_OPTIONS, ...TEXT_RULES, "presence"],
  ]);
  const { minCount = 1, column = name, from } = options;
  requireText(owner, "name", name);
  requireText(owner, "column", column);
  requireCount(owner, "minCount", minCount, 1);
  const ifMissing = parseTextAbsence(owner, options.ifMissing);
  const switches = parseSwitches(owner, options, ["indicator", "presence"]);
  if (switches.presence && (ifMissing || switches.indicator)) {
    throw new TypeError(`Cannot read schema: ${owner} has presence, so it must have no ifMissing or indicator`);
  }
  if (options.hashBuckets !== undefined && ifMissing !== undefined) {
    throw new TypeError(`Cannot read schema: ${owner} must have hashBuckets or ifMissing, received both`);
  }
  if (from !== undefined) requireNoSwitch(owner, switches);
  return {
    ...{ kind: "categorical", name, column, minCount },
    ...readHashBuckets(owner, options, minCount),
    ...(from === undefined ? {} : { from: readDerivation(owner, from, { name, column }) }),
    ...parseTextRules(owner, options),
    ...(ifMissing === undefined ? {} : { ifMissing }),
    ...switches,
  };
}

/** Whether all values of a feature are one, so that only their presence counts. */
export function isPresence(feature: { readonly kind: string; readonly presence?: boolean }): boolean {
  return feature.presence === true;
}

/** Options about missing values. */
export const VALUE_OPTIONS = ["ifMissing", "indicator"];

/**
 * Declares a feature whose values are numbers. Without buckets it is one row, multiplied by the scaled number; with
 * buckets it is cut, and each bucket is a row.
 *
 * @throws {TypeError} when an option is unknown, of the wrong type, or both `scale` and `buckets` are given
 * @throws {RangeError} when `scale` is not one of the four, or `buckets` no count of at least 2 and no ascending edges
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
  requireKeys(owner, options, ["scale", "buckets", "column", "clamp", "from", ...VALUE_OPTIONS, "trim"]);
  const { scale = "none", buckets, column = name, from } = options;
  requireText(owner, "name", name);
  requireText(owner, "column", column);
  if (!["none", "log", "standard", "minmax"].includes(scale)) {
    throw new RangeError(
      `Cannot read schema: scale of ${owner} must be none, log, standard or minmax, received ${formatValue(scale)}`,
    );
  }
  const ifMissing = parseNumberAbsence(owner, options.ifMissing);
  const { clamp, indicator } = parseSwitches(owner, options, ["clamp", "indicator"]);
  if (from !== undefined) requireNoSwitch(owner, { indicator });
  const given = {
    ...parseTextRules(owner, { trim: options.trim }),
    ...(ifMissing === undefined ? {} : { ifMissing }),
    ...(indicator ? { indicator } : {}),
    ...(from === undefined ? {} : { from: readPast(owner, from, { name, column }) }),
  };
  if (buckets === undefined) return { kind: "numeric", name, column, scale, ...(clamp ? { clamp } : {}), ...given };
  const parsed = parseBuckets(owner, buckets);
  if (scale !== "none") {
    throw new TypeError(`Cannot read schema: ${owner} must have a scale or buckets, received both`);
  }
  if (clamp) throw new TypeError(`Cannot read schema: ${owner} must have clamp or buckets, received both`);
  return { kind: "numeric", name, column, scale, buckets: parsed, ...given };
}

/**
 * Refuses to say where a value is that is made of columns, which need not be all there or all missing.
 *
 * @throws {TypeError} then
 */
function requireNoSwitch(owner: string, switches: { readonly indicator?: boolean; readonly presence?: boolean }): void {
  const given = (["indicator", "presence"] as const).find((key) => switches[key]);
  if (given === undefined) return;
  throw new TypeError(`Cannot read schema: ${owner} must have from or ${given}, received both`);
}
