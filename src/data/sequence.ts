/**
 * Features with any number of values in a row: what a user did before, or the tags of an item.
 *
 * @module
 */
import { formatNames, formatValue } from "./format.ts";
import type { Feature } from "./schema.ts";
import { requireCount, requireKeys, requireText } from "./schema_checks.ts";
import { parseTextRules, TEXT_RULES, type TextRules } from "./text_rules.ts";

/** How the embeddings of a sequence become one. */
export type Combiner = "sum" | "mean" | "max";

/** A feature whose values are a list of names in order, the oldest first. */
export interface SequenceFeature extends TextRules {
  /** Says that this is a sequence. */
  readonly kind: "sequence";
  /** Name of the sequence in the model. */
  readonly name: string;
  /** Column of the file. */
  readonly column: string;
  /** Text between two values. */
  readonly separator: string;
  /** Values that are kept: the last ones, which are the latest. */
  readonly maxLength: number;
  /** The categorical feature whose vocabulary and embeddings the values share; absent for a vocabulary of its own. */
  readonly of?: string;
  /** The sequence that this one runs along: value k of both belongs to the same event. */
  readonly along?: string;
  /** How the embeddings become one, as those of a field; absent for models that read the values in their order. */
  readonly combiner?: Combiner;
  /** Text between a value and its weight; absent when all weigh 1. */
  readonly weights?: string;
  /** Values that occur fewer times than this share the out-of-vocabulary row; absent with `of`. */
  readonly minCount?: number;
}

/** Options of {@linkcode sequence}. */
export interface SequenceOptions extends TextRules {
  /** Column of the file. @default {name} */
  column?: string;
  /** Text between two values. @default {"|"} */
  separator?: string;
  /** Values that are kept, the latest; those of a sequence along another are as many. @default {50} */
  maxLength?: number;
  /** Categorical feature whose vocabulary and embeddings the values share. @default {a vocabulary of its own} */
  of?: string;
  /** Sequence that this one runs along, value by value. @default {none} */
  along?: string;
  /** How the embeddings become one, for models that know fields only. @default {none} */
  combiner?: Combiner;
  /** Text between a value and its weight, as `:` in `a:0.5|b:2`. @default {none} */
  weights?: string;
  /** Values that occur fewer times share the out-of-vocabulary row. @default {1} */
  minCount?: number;
}

const KEYS = ["column", "separator", "maxLength", "of", "along", "combiner", "weights", "minCount", ...TEXT_RULES];

/**
 * Declares a feature whose values are a list of names, the oldest first: a history, or a field of several values.
 *
 * @throws {TypeError} when an option is unknown, of the wrong type, or does not go with another
 * @throws {RangeError} when a number is not an integer of at least 1, or `combiner` is not one of the three
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, numeric } from "./schema.ts";
 *
 * const features = [
 *   categorical("item"),
 *   sequence("history", { of: "item", maxLength: 100 }),
 *   sequence("tags", { combiner: "mean" }),
 * ];
 * assert.deepEqual(features.map(({ kind }) => kind), ["categorical", "sequence", "sequence"]);
 * ```
 */
export function sequence(name: string, options: SequenceOptions = {}): SequenceFeature {
  const owner = `feature "${name}"`;
  requireKeys(owner, options, KEYS);
  const { column = name, separator = "|", maxLength, of, along, combiner, weights, minCount } = options;
  const texts = { name, column, separator, ...(of !== undefined && { of }), ...(along !== undefined && { along }) };
  for (const [key, value] of Object.entries(texts)) requireText(owner, key, value);
  if (weights !== undefined) requireText(owner, "weights", weights);
  if (weights === separator) {
    throw new TypeError(`Cannot read schema: ${owner} must have another text between values, received "${separator}"`);
  }
  requireCount(owner, "maxLength", maxLength ?? 50, 1);
  requireCount(owner, "minCount", minCount ?? 1, 1);
  if (of !== undefined && minCount !== undefined) {
    throw new TypeError(`Cannot read schema: ${owner} must have of or minCount, received both`);
  }
  const rules = parseTextRules(owner, options);
  if (of !== undefined && Object.keys(rules).length > 0) {
    throw new TypeError(
      `Cannot read schema: texts of ${owner} are treated as those of "${of}", received rules of its own`,
    );
  }
  if (along !== undefined && (combiner !== undefined || weights !== undefined)) {
    throw new TypeError(`Cannot read schema: ${owner} runs along "${along}", so it must have no combiner or weights`);
  }
  if (combiner !== undefined && !["sum", "mean", "max"].includes(combiner)) {
    throw new RangeError(
      `Cannot read schema: combiner of ${owner} must be sum, mean or max, received ${formatValue(combiner)}`,
    );
  }
  return {
    ...{ kind: "sequence", name, column, separator, maxLength: maxLength ?? 50 },
    ...(of === undefined ? {} : { of }),
    ...(along === undefined ? {} : { along }),
    ...(combiner === undefined ? {} : { combiner }),
    ...(weights === undefined ? {} : { weights }),
    ...(of === undefined ? { minCount: minCount ?? 1 } : {}),
    ...rules,
  };
}

/**
 * Refuses sequences that refer to features which are not there, or are something else.
 *
 * @throws {RangeError} then
 */
export function requireSequences(features: readonly Feature[]): void {
  const sequences = features.filter((feature) => feature.kind === "sequence");
  const categories = features.filter(({ kind }) => kind === "categorical").map(({ name }) => name);
  if (sequences.length === features.length) {
    throw new RangeError("Cannot read schema: there must be a feature that is no sequence, received none");
  }
  for (const { name, of, along, maxLength } of sequences) {
    if (of !== undefined && !categories.includes(of)) {
      throw new RangeError(
        `Cannot read schema: of of feature "${name}" must be a categorical feature (${
          formatNames(categories)
        }), received "${of}"`,
      );
    }
    if (along === undefined) continue;
    const leader = sequences.find((other) => other.name === along && other.along === undefined);
    if (!leader || leader.combiner || leader.weights) {
      throw new RangeError(
        `Cannot read schema: along of feature "${name}" must be a sequence that runs along no other and has no ` +
          `combiner or weights, received "${along}"`,
      );
    }
    if (leader.maxLength !== maxLength) {
      throw new RangeError(
        `Cannot read schema: maxLength of feature "${name}" must be ${leader.maxLength} as that of "${along}", ` +
          `received ${maxLength}`,
      );
    }
  }
}
