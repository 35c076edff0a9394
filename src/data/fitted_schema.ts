/**
 * A schema after it has seen training data: vocabularies, scalings, and the place of each field in the row space.
 *
 * @module
 */
import { canonicalJson, type Json } from "../checkpoint/canonical_json.ts";
import { labelCount, taskNames } from "./declared_labels.ts";
import {
  type FittedHistory,
  type FittedSequence,
  groupSequences,
  placeSequences,
  readSequenceFit,
  type SequenceFit,
} from "./fitted_sequence.ts";
import { featureJson } from "./derived/derivation.ts";
import { encodingPast, pastJson } from "./derived/past_fit.ts";
import { withColumnsNamed } from "./derived/parts.ts";
import { type FieldFit, type FittedField, placeField, readFit } from "./field_fit.ts";
import { type NeighborsFit, readNeighbors } from "./neighbors.ts";
import { type Feature, parseSchema, type Schema, type SequenceFeature } from "./schema.ts";
import { type DeclaredSurvival, parseSurvival } from "./survival.ts";
import { type TextRules, textRulesOf } from "./text_rules.ts";
import { firstValueRow, indexTokens, isTextList } from "./vocabulary.ts";

export type { FieldFit, FittedField } from "./field_fit.ts";

/** What a {@linkcode FittedSchema} is made of. */
export interface FittedSchemaParts {
  /** The declared schema without its features. */
  readonly declared: Omit<Schema, "features">;
  /** Texts that stand for a missing value. */
  readonly missing: readonly string[];
  /** Whether blanks around texts are removed. @default {as declared} */
  readonly trim?: boolean;
  /** The fields in order. */
  readonly fields: readonly FieldFit[];
  /** The sequences in order. @default {none} */
  readonly sequences?: readonly SequenceFit[];
  /** Trainings that the vocabularies were fitted to or grew by. @default {1} */
  readonly generation?: number;
  /** What missing numbers are filled in from, where some come from neighbors. @default {none} */
  readonly neighbors?: NeighborsFit;
}

/** A schema that is fitted to training data; encoding other data with it gives the same rows for the same values. */
export class FittedSchema {
  /** Column of the label; absent where there are several, or times. */
  readonly label: string | undefined;
  /** Columns of several labels; absent where there is one, or times. */
  readonly labels: readonly string[] | undefined;
  /** Columns and intervals of times, where labels are times. */
  readonly survival: DeclaredSurvival | undefined;
  /** Names of the tasks, one for each label: its column; or for each interval, such as `short 0-1`. */
  readonly tasks: readonly string[];
  /** Numbers that a data set keeps of a row's labels: one for each task, its weight where one was declared, and of times three. */
  readonly labelCount: number;
  /** Text of the label that means 1, where it is not a number. */
  readonly positive: string | undefined;
  /** Text of the label that means 0, declared or found beside the positive one. */
  readonly negative: string | undefined;
  /** Number above which a label means 1, where one was declared. */
  readonly threshold: number | undefined;
  /** Whether the one label is a number to predict. */
  readonly real: boolean;
  /** Column of the time. */
  readonly time: string | undefined;
  /** Column of the rows' weights, where one was declared; times name theirs in {@linkcode FittedSchema.survival}. */
  readonly weight: string | undefined;
  /** Texts that stand for a missing value. */
  readonly missing: readonly string[];
  /** Whether blanks around texts are removed. */
  readonly trim: boolean;
  /** How texts are treated otherwise, unless a feature says so itself. */
  readonly text: Omit<TextRules, "trim">;
  /** How texts of each feature are treated, in the order of {@linkcode FittedSchema.features}. */
  readonly textRules: readonly TextRules[];
  /** What missing numbers are filled in from, where some come from neighbors. */
  readonly neighbors:
    | {
      /** Names of the numeric fields, in the order of the numbers. */
      readonly fields: readonly string[];
      /** Standard deviation of each field, 1 for a constant. */
      readonly spreads: readonly number[];
      /** Training rows: a number for each field, null where one is missing. */
      readonly rows: readonly (readonly (number | null)[])[];
    }
    | undefined;
  /** The fields in order. */
  readonly fields: readonly FittedField[];
  /** The sequences in order. */
  readonly sequences: readonly FittedSequence[];
  /** The sequences by group: those that run along each other have one length in a row. */
  readonly histories: readonly FittedHistory[];
  /** Trainings that the vocabularies were fitted to, and then grew by: 1 for a schema that has not grown. */
  readonly generation: number;
  /** Rows of all fields together, and of sequences with vocabularies of their own. */
  readonly rowCount: number;
  /** Whether occurrences of fields carry values other than 1. */
  readonly hasValues: boolean;
  readonly #tokenRows = new Map<readonly string[], Map<string, number>>();

  /**
   * Lays the fields out one after the other.
   *
   * @throws {RangeError} when there are 2^32 rows or more
   */
  constructor(parts: FittedSchemaParts) {
    const { declared, missing, trim = declared.trim ?? false, fields, sequences = [], generation = 1, neighbors } =
      parts;
    this.label = declared.label;
    this.labels = declared.labels;
    this.survival = declared.survival && parseSurvival(declared.survival);
    this.weight = declared.weight;
    this.tasks = taskNames(this);
    this.labelCount = labelCount(this);
    this.positive = declared.positive;
    this.negative = declared.negative;
    this.threshold = declared.threshold;
    this.real = declared.real ?? false;
    this.time = declared.time;
    this.missing = missing;
    this.trim = trim;
    this.generation = generation;
    this.neighbors = neighbors;
    const { lowerCase, unicode } = declared;
    this.text = { ...(lowerCase && { lowerCase }), ...(unicode && unicode !== "none" && { unicode }) };
    let offset = 0;
    this.fields = fields.map((fit) => {
      const field = placeField(fit, offset);
      offset += field.rows;
      return field;
    });
    this.sequences = placeSequences(sequences, this.fields, offset);
    this.histories = groupSequences(this.sequences);
    for (const { target, rows } of this.sequences) if (target === undefined) offset += rows;
    if (offset >= 2 ** 32) {
      throw new RangeError(`Cannot fit schema: rows of all fields must be below 2^32, received ${offset}`);
    }
    this.textRules = textRulesOf(this.features, { ...this.text, trim });
    this.rowCount = offset;
    this.hasValues = this.fields.some((field) => field.kind === "numeric" || field.weighted);
  }

  /** Declared features of the fields and then of the sequences, in order. */
  get features(): readonly Feature[] {
    return [...this.fields, ...this.sequences].map(({ feature }): Feature => feature);
  }

  /** Returns the schema as it was declared, to fit it to other data. */
  declared(): Schema {
    const { label, labels, survival, positive, negative, threshold, real, time, weight, features } = this;
    return parseSchema({
      ...(survival ? { survival } : labels ? { labels } : { label }),
      ...(positive === undefined ? {} : { positive }),
      ...(negative === undefined ? {} : { negative }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(real ? { real } : {}),
      ...(time === undefined ? {} : { time }),
      ...(weight === undefined ? {} : { weight }),
      ...this.text,
      ...(this.trim ? { trim: true } : {}),
      features,
    });
  }

  /** Returns the rows, counted from the first of a field or sequence, of the texts in its vocabulary. */
  tokenRows({ missing, vocabulary = [] }: FittedField | FittedSequence): ReadonlyMap<string, number> {
    let rows = this.#tokenRows.get(vocabulary);
    if (rows === undefined) {
      rows = indexTokens(vocabulary, firstValueRow(missing));
      this.#tokenRows.set(vocabulary, rows);
    }
    return rows;
  }

  /** Returns what {@linkcode FittedSchema.fromJSON} reads. */
  toJSON(): { readonly [key: string]: Json | undefined } {
    const { features: _, survival, ...declared } = this.declared();
    const fields = this.fields.map((
      { feature, missing, vocabulary, idle, weighted, scaling, edges, range, fill, past },
    ) => ({
      feature: featureJson(feature),
      missing,
      vocabulary,
      idle,
      weighted,
      scaling: scaling && { ...scaling },
      edges,
      range,
      fill,
      past: past && pastJson(past),
    }));
    const sequences = this.sequences.map(({ feature, own, idle }) => ({
      feature: { ...feature },
      vocabulary: own,
      idle: own && idle,
    }));
    return {
      ...declared,
      ...(survival ? { survival: { ...survival } } : {}),
      missing: this.missing,
      ...(this.generation > 1 ? { generation: this.generation } : {}),
      fields,
      ...(sequences.length > 0 ? { sequences } : {}),
      ...(this.neighbors ? { neighbors: { ...this.neighbors } } : {}),
    };
  }

  /**
   * Reads what {@linkcode FittedSchema.toJSON} returned.
   *
   * @throws {TypeError} when it is something else; the message names the field
   */
  static fromJSON(json: unknown): FittedSchema {
    const { missing, trim, fields, sequences = [], generation = 1, neighbors, ...declared } = (json ?? {}) as Record<
      string,
      unknown
    >;
    if (!isTextList(missing) || !Array.isArray(fields) || !Array.isArray(sequences)) {
      throw new TypeError("Cannot read fitted schema: it must have lists of missing and fields");
    }
    if (!(Number.isSafeInteger(generation) && generation as number > 0)) {
      throw new TypeError("Cannot read fitted schema: generation must be a positive integer");
    }
    const { features, ...rest } = parseSchema({
      ...declared,
      features: [...fields, ...sequences].map((field) => withColumnsNamed(field?.feature)),
    });
    const isSequence = (feature: Feature) => feature.kind === "sequence";
    if (features.findIndex(isSequence) >= 0 && features.findIndex(isSequence) !== fields.length) {
      throw new TypeError("Cannot read fitted schema: fields must be no sequences");
    }
    return new FittedSchema({
      declared: rest,
      missing,
      trim: trim === true,
      generation: generation as number,
      neighbors: readNeighbors(neighbors, features),
      fields: features.slice(0, fields.length).map((feature, index) =>
        readFit(feature as FieldFit["feature"], fields[index])
      ),
      sequences: features.slice(fields.length).map((feature, index) =>
        readSequenceFit(feature as SequenceFeature, sequences[index])
      ),
    });
  }

  /**
   * Digests what decides how rows are encoded: SHA-256 in hexadecimal of the schema's canonical JSON. Schemas with equal
   * digests give equal rows. What only reports, refusals and growing read is left out: ranges of numbers that are not
   * clamped, the negative label, the generation, how long values did not occur, and which rows a window is to forget.
   */
  async fingerprint(): Promise<string> {
    const { negative: _, generation: __, sequences, ...rest } = this.toJSON();
    const fields = (rest.fields as Record<string, Json | undefined>[]).map(({ range, idle: _, ...field }, f) => ({
      ...field,
      past: this.fields[f].past && { ...encodingPast(this.fields[f].past) },
      ...((field.feature as { clamp?: boolean }).clamp ? { range } : {}),
    }));
    const lists = (sequences as Record<string, Json | undefined>[] | undefined)?.map(({ idle: _, ...list }) => list);
    const text = canonicalJson({ ...rest, fields, ...(lists && { sequences: lists }) } as Json, "schema");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

/** Returns the features of a schema in the order of a data set: fields, then sequences. */
export function featuresOf(schema: Schema | FittedSchema): readonly Feature[] {
  return schema instanceof FittedSchema ? schema.features : parseSchema(schema).features;
}
