/**
 * The schema of another tool's model, from the files that the tool keeps beside it.
 *
 * @module
 */
import { type FieldFit, FittedSchema } from "../../data/fitted_schema.ts";
import type { SequenceFit } from "../../data/fitted_sequence.ts";
import { categorical, numeric, sequence } from "../../data/schema.ts";
import { PADDING, UNSEEN, type Vocabularies } from "./rows.ts";

/** Text that stands for a missing value in both tools' files. */
const MISSING_TEXT = "";

/** A schema with the rows that the other tool's tables have. */
export interface ExchangedSchema {
  /** Schema of the data that the model takes. */
  readonly schema: FittedSchema;
  /** Rows of values by field. */
  readonly vocabularies: Vocabularies;
}

/** What `feature_map.json` says of a feature. */
interface FeatureSpec {
  readonly type?: unknown;
  readonly share_embedding?: unknown;
  readonly max_len?: unknown;
  readonly feature_encoder?: unknown;
}

/** FuxiCTR's poolings of sequences, and Weft's. */
const COMBINERS = { MaskedAveragePooling: "mean", MaskedSumPooling: "sum" } as const;

/**
 * Makes the schema of a FuxiCTR model.
 *
 * Numbers are taken as the model was given them: FuxiCTR's normalizers are in a file of Python objects, so columns must be
 * normalized alike. A sequence that shares the embeddings of a field runs along the one before it, if that shares
 * embeddings too and is as long; its values are cut at `^`.
 *
 * @param featureMap what `feature_map.json` holds
 * @param vocabulary what `feature_vocab.json` holds
 * @throws {TypeError} when they are something else, or a feature is of a type that Weft has not
 */
export function readFuxictrSchema(
  featureMap: unknown,
  vocabulary: unknown,
): ExchangedSchema {
  const { features, labels } = (featureMap ?? {}) as { features?: unknown; labels?: unknown };
  const isTexts = Array.isArray(labels) && labels.every((label) => typeof label === "string");
  if (!Array.isArray(features) || !isTexts || labels.length === 0) {
    throw new TypeError("Cannot read feature map: it must have lists of features and labels");
  }
  const vocabularies = readVocabularies(vocabulary);
  const fields: FieldFit[] = [];
  const sequences: SequenceFit[] = [];
  for (const [name, spec] of features.flatMap((feature) => Object.entries<FeatureSpec>(feature ?? {}))) {
    if (spec?.type === "meta") continue;
    if (spec?.type === "sequence") {
      sequences.push(readSequence(name, spec, sequences.at(-1), vocabularies));
      continue;
    }
    if (sequences.length > 0) {
      throw new TypeError(
        `Cannot read feature map: sequences must come after all other features, received "${name}" last`,
      );
    }
    if (spec?.type === "numeric") fields.push(numberField(name));
    else if (spec?.type === "categorical") fields.push(valueField(name, vocabularies));
    else throw new TypeError(`Cannot read feature map: type of "${name}" must be known, received ${spec?.type}`);
  }
  const declared = labels.length === 1 ? { label: labels[0] } : { labels };
  return { schema: new FittedSchema({ declared, missing: [MISSING_TEXT], fields, sequences }), vocabularies };
}

/**
 * Makes the schema of a DeepCTR-Torch model whose features are all `SparseFeat`.
 *
 * @param label column of the label
 * @param vocabulary for each feature, in order, the row of each value, as a label encoder gave them; or how many rows there
 * are, where the values are the rows' numbers themselves
 * @throws {TypeError} when it is something else
 */
export function readDeepctrSchema(
  label: string,
  vocabulary: unknown,
): ExchangedSchema {
  const isRecord = typeof vocabulary === "object" && vocabulary !== null;
  const expanded = !isRecord ? vocabulary : Object.fromEntries(
    Object.entries(vocabulary).map(([name, rows]) => [name, Number.isSafeInteger(rows) ? numbers(rows) : rows]),
  );
  const vocabularies = readVocabularies(expanded);
  const fields = Object.keys(vocabularies).map((name) => valueField(name, vocabularies));
  return { schema: new FittedSchema({ declared: { label }, missing: [MISSING_TEXT], fields }), vocabularies };
}

function numbers(rows: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: rows }, (_, row) => [String(row), row]));
}

/**
 * Checks vocabularies: rows of values by field.
 *
 * @throws {TypeError} when they are something else; the message names the field
 */
export function readVocabularies(json: unknown): Vocabularies {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isRecord(json)) throw new TypeError("Cannot read vocabulary: it must have rows of values by feature");
  for (const [name, rows] of Object.entries(json)) {
    const wrong = isRecord(rows)
      ? Object.entries(rows).find(([, row]) => !Number.isSafeInteger(row) || (row as number) < 0)
      : [name, rows];
    if (wrong) {
      const received = JSON.stringify(wrong[1])?.slice(0, 80);
      throw new TypeError(
        `Cannot read vocabulary: rows of "${name}" must be whole numbers by value, received ${received}`,
      );
    }
  }
  return json as Vocabularies;
}

/** Returns a feature's values in the order of their rows. */
function valuesOf(name: string, vocabularies: Vocabularies): string[] {
  if (!Object.hasOwn(vocabularies, name)) {
    throw new TypeError(`Cannot read vocabulary: values of "${name}" are missing`);
  }
  const values = Object.entries(vocabularies[name]).sort(([, a], [, b]) => a - b).map(([value]) => value);
  return values.filter((value) => ![PADDING, UNSEEN, MISSING_TEXT].includes(value));
}

function numberField(name: string): FieldFit {
  return { feature: numeric(name), missing: false, scaling: { scale: "none", center: 0, spread: 1 } };
}

function valueField(name: string, vocabularies: Vocabularies): FieldFit {
  const vocabulary = valuesOf(name, vocabularies);
  return { feature: categorical(name), missing: Object.hasOwn(vocabularies[name], MISSING_TEXT), vocabulary };
}

function readSequence(
  name: string,
  { share_embedding: of, max_len: maxLength, feature_encoder: encoder }: FeatureSpec,
  before: SequenceFit | undefined,
  vocabularies: Vocabularies,
): SequenceFit {
  const [, pooling] = /^layers\.(\w+)\(\)$/.exec(String(encoder)) ?? [];
  const combiner = COMBINERS[pooling as keyof typeof COMBINERS];
  const options = { separator: "^", maxLength: maxLength as number, ...(combiner && { combiner }) };
  if (typeof of !== "string") return { feature: sequence(name, options), own: valuesOf(name, vocabularies) };
  const isBeside = !combiner && before?.feature.of !== undefined && before.feature.maxLength === maxLength;
  const along = isBeside ? before.feature.along ?? before.feature.name : undefined;
  return { feature: sequence(name, { ...options, of, ...(along !== undefined && { along }) }) };
}
