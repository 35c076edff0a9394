/**
 * Sequences after they have seen training data: vocabularies, places in the row space, and which belong together.
 *
 * @module
 */
import type { FittedField } from "./fitted_schema.ts";
import type { SequenceFeature } from "./sequence.ts";
import { firstValueRow, isTextList, readIdle } from "./vocabulary.ts";

/** What fitting adds to a declared sequence. */
export interface SequenceFit {
  /** The feature as declared. */
  readonly feature: SequenceFeature;
  /** Values in the order of their rows, for a sequence with a vocabulary of its own. */
  readonly own?: readonly string[];
  /** For each of them, trainings in a row whose rows lacked it, where the schema has grown and there are some. */
  readonly idle?: readonly number[];
}

/** A sequence with its place in the flat row space. */
export interface FittedSequence extends SequenceFit {
  /** Name of the feature. */
  readonly name: string;
  /** Number of the field whose vocabulary and rows the sequence shares; absent where it has its own. */
  readonly target?: number;
  /** Values in the order of their rows. */
  readonly vocabulary: readonly string[];
  /** Whether there is a row for missing values. */
  readonly missing: boolean;
  /** How many rows the vocabulary has, that of unseen values included. */
  readonly rows: number;
  /** Number of its first row in the flat row space. */
  readonly offset: number;
}

/** Sequences of one length in each row. */
export interface FittedHistory {
  /** Name of the sequence that the others run along. */
  readonly name: string;
  /** The sequences; value k of all belongs to one event. */
  readonly sequences: readonly FittedSequence[];
  /** Most values of a row. */
  readonly maxLength: number;
  /** Whether values have weights. */
  readonly weighted: boolean;
}

/** Gives each sequence the rows of the field that it shares them with, or rows of its own from `first` on. */
export function placeSequences(
  fits: readonly SequenceFit[],
  fields: readonly FittedField[],
  first: number,
): FittedSequence[] {
  let next = first;
  return fits.map((fit) => {
    const { name, of } = fit.feature;
    if (of !== undefined) {
      const target = fields.findIndex((field) => field.name === of);
      const { vocabulary = [], missing, rows, offset } = fields[target];
      return { ...fit, name, target, vocabulary, missing, rows, offset };
    }
    const vocabulary = fit.own ?? [];
    const rows = firstValueRow(false) + vocabulary.length;
    next += rows;
    return { ...fit, name, vocabulary, missing: false, rows, offset: next - rows };
  });
}

/** Groups sequences with those that run along them. */
export function groupSequences(sequences: readonly FittedSequence[]): FittedHistory[] {
  return sequences.filter(({ feature }) => feature.along === undefined).map((leader) => ({
    name: leader.name,
    sequences: [leader, ...sequences.filter(({ feature }) => feature.along === leader.name)],
    maxLength: leader.feature.maxLength,
    weighted: leader.feature.weights !== undefined,
  }));
}

/**
 * Reads what a schema's JSON has for a sequence.
 *
 * @throws {TypeError} when it is something else
 */
export function readSequenceFit(feature: SequenceFeature, json: Record<string, unknown>): SequenceFit {
  if (feature.of !== undefined) return { feature };
  if (!isTextList(json.vocabulary)) {
    throw new TypeError(`Cannot read fitted schema: sequence "${feature.name}" must have a vocabulary of texts`);
  }
  return { feature, own: json.vocabulary, ...readIdle(json.idle, json.vocabulary) };
}
