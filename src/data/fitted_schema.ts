/**
 * A schema after it has seen training data: vocabularies, scalings, and the place of each field in the row space.
 *
 * @module
 */
import { canonicalJson, type Json } from "../checkpoint/canonical_json.ts";
import type { FittedScale } from "./scaling.ts";
import { type Feature, parseSchema, type Schema } from "./schema.ts";
import { indexTokens, MISSING } from "./vocabulary.ts";

/** What fitting adds to a declared feature. */
export interface FieldFit {
  /** The feature as declared. */
  readonly feature: Feature;
  /** Whether the field has a row for missing values. */
  readonly missing: boolean;
  /** Values of a categorical field, in the order of their rows. */
  readonly vocabulary?: readonly string[];
  /** Whether each occurrence of a categorical field carries a value of its own. */
  readonly weighted?: boolean;
  /** Scaling of a numeric field. */
  readonly scaling?: FittedScale;
  /** Ascending edges between the buckets of a bucketed field. */
  readonly edges?: readonly number[];
  /** Smallest and largest number of the training data, for a field of numbers that had any. */
  readonly range?: readonly [least: number, most: number];
}

/**
 * A field of the flat row space.
 *
 * | kind | rows |
 * | --- | --- |
 * | `categorical` | out-of-vocabulary, [missing,] values by falling count |
 * | `bucketed` | out-of-vocabulary, [missing,] buckets upwards |
 * | `numeric` | the row that the scaled number multiplies, [missing] |
 */
export interface FittedField extends FieldFit {
  /** Name of the feature. */
  readonly name: string;
  /** What the rows are. */
  readonly kind: "categorical" | "numeric" | "bucketed";
  /** How many rows the field has. */
  readonly rows: number;
  /** Number of its first row in the flat row space. */
  readonly offset: number;
}

/** What a {@linkcode FittedSchema} is made of. */
export interface FittedSchemaParts {
  /** The declared schema without its features. */
  readonly declared: Omit<Schema, "features">;
  /** Texts that stand for a missing value. */
  readonly missing: readonly string[];
  /** Whether blanks around texts are removed. @default {false} */
  readonly trim?: boolean;
  /** The fields in order. */
  readonly fields: readonly FieldFit[];
}

/** A schema that is fitted to training data; encoding other data with it gives the same rows for the same values. */
export class FittedSchema {
  /** Column of the label. */
  readonly label: string;
  /** Text of the label that means 1, where it is not a number. */
  readonly positive: string | undefined;
  /** Text of the label that means 0, declared or found beside the positive one. */
  readonly negative: string | undefined;
  /** Number above which a label means 1, where one was declared. */
  readonly threshold: number | undefined;
  /** Column of the time. */
  readonly time: string | undefined;
  /** Texts that stand for a missing value. */
  readonly missing: readonly string[];
  /** Whether blanks around texts are removed. */
  readonly trim: boolean;
  /** The fields in order. */
  readonly fields: readonly FittedField[];
  /** Rows of all fields together. */
  readonly rowCount: number;
  /** Whether occurrences carry values other than 1. */
  readonly hasValues: boolean;
  readonly #tokenRows = new Map<number, Map<string, number>>();

  /**
   * Lays the fields out one after the other.
   *
   * @throws {RangeError} when there are 2^32 rows or more
   */
  constructor({ declared, missing, trim = false, fields }: FittedSchemaParts) {
    this.label = declared.label;
    this.positive = declared.positive;
    this.negative = declared.negative;
    this.threshold = declared.threshold;
    this.time = declared.time;
    this.missing = missing;
    this.trim = trim;
    let offset = 0;
    this.fields = fields.map((fit) => {
      const field = placeField(fit, offset);
      offset += field.rows;
      return field;
    });
    if (offset >= 2 ** 32) {
      throw new RangeError(`Cannot fit schema: rows of all fields must be below 2^32, received ${offset}`);
    }
    this.rowCount = offset;
    this.hasValues = this.fields.some((field) => field.kind === "numeric" || field.weighted);
  }

  /** Declared features of the fields, in order. */
  get features(): readonly Feature[] {
    return this.fields.map(({ feature }) => feature);
  }

  /** Returns the schema as it was declared, to fit it to other data. */
  declared(): Schema {
    const { label, positive, negative, threshold, time, features } = this;
    return parseSchema({
      label,
      ...(positive === undefined ? {} : { positive }),
      ...(negative === undefined ? {} : { negative }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(time === undefined ? {} : { time }),
      features,
    });
  }

  /** Returns the rows, counted from the field's first, of the texts in the vocabulary of field number `index`. */
  tokenRows(index: number): ReadonlyMap<string, number> {
    let rows = this.#tokenRows.get(index);
    if (rows === undefined) {
      const { missing, vocabulary } = this.fields[index];
      rows = indexTokens(vocabulary ?? [], firstValueRow(missing));
      this.#tokenRows.set(index, rows);
    }
    return rows;
  }

  /** Returns what {@linkcode FittedSchema.fromJSON} reads. */
  toJSON(): { readonly [key: string]: Json | undefined } {
    const { features: _, ...declared } = this.declared();
    const fields = this.fields.map(({ feature, missing, vocabulary, weighted, scaling, edges, range }) => ({
      feature: { ...feature },
      missing,
      vocabulary,
      weighted,
      scaling: scaling && { ...scaling },
      edges,
      range,
    }));
    return { ...declared, missing: this.missing, ...(this.trim ? { trim: true } : {}), fields };
  }

  /**
   * Reads what {@linkcode FittedSchema.toJSON} returned.
   *
   * @throws {TypeError} when it is something else; the message names the field
   */
  static fromJSON(json: unknown): FittedSchema {
    const { missing, trim, fields, ...declared } = (json ?? {}) as Record<string, unknown>;
    if (!isTextList(missing) || !Array.isArray(fields)) {
      throw new TypeError("Cannot read fitted schema: it must have lists of missing and fields");
    }
    const { features, ...rest } = parseSchema({ ...declared, features: fields.map((field) => field?.feature) });
    return new FittedSchema({
      declared: rest,
      missing,
      trim: trim === true,
      fields: features.map((feature, index) => readFit(feature, fields[index])),
    });
  }

  /**
   * Digests what decides how rows are encoded: SHA-256 in hexadecimal of the schema's canonical JSON. Schemas with equal
   * digests give equal rows. What only reports and refusals read is left out: ranges of numbers that are not clamped,
   * and the negative label.
   */
  async fingerprint(): Promise<string> {
    const { negative: _, ...rest } = this.toJSON();
    const fields = (rest.fields as Record<string, Json | undefined>[]).map(({ range, ...field }) => ({
      ...field,
      ...((field.feature as { clamp?: boolean }).clamp ? { range } : {}),
    }));
    const text = canonicalJson({ ...rest, fields }, "schema");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

/** Returns the row of the first value of a categorical field, or of the first bucket, counted from the field's first. */
export function firstValueRow(missing: boolean): number {
  return missing ? MISSING + 1 : MISSING;
}

function placeField(fit: FieldFit, offset: number): FittedField {
  const { feature, missing, vocabulary = [], edges = [] } = fit;
  const kind = kindOf(feature);
  const values = kind === "categorical" ? vocabulary.length : edges.length + 1;
  const rows = kind === "numeric" ? Number(missing) + 1 : firstValueRow(missing) + values;
  return { ...fit, name: feature.name, kind, rows, offset };
}

function kindOf(feature: Feature): FittedField["kind"] {
  if (feature.kind === "categorical") return "categorical";
  return feature.buckets === undefined ? "numeric" : "bucketed";
}

function readFit(feature: Feature, json: Record<string, unknown>): FieldFit {
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot read fitted schema: field "${feature.name}" must have ${what}`);
  };
  const { missing, vocabulary, weighted, scaling, edges, range } = json;
  if (typeof missing !== "boolean") return refuse("missing as true or false");
  const kind = kindOf(feature);
  if (kind === "categorical") {
    if (!isTextList(vocabulary)) return refuse("a vocabulary of texts");
    return { feature, missing, vocabulary, ...(weighted === true ? { weighted } : {}) };
  }
  if (kind === "bucketed") {
    if (!Array.isArray(edges) || !edges.every((edge, k) => Number.isFinite(edge) && (k === 0 || edge > edges[k - 1]))) {
      return refuse("ascending edges");
    }
    return { feature, missing, edges, ...readRange(range, refuse) };
  }
  const { center, spread } = (scaling ?? {}) as Partial<FittedScale>;
  if (!Number.isFinite(center) || !((spread as number) > 0)) return refuse("a scaling with center and spread above 0");
  const scale = feature.kind === "numeric" ? feature.scale : "none";
  const scaled = { scale, center: center as number, spread: spread as number };
  return { feature, missing, scaling: scaled, ...readRange(range, refuse) };
}

function readRange(json: unknown, refuse: (what: string) => never): Pick<FieldFit, "range"> {
  if (json === undefined) return {};
  const [least, most] = Array.isArray(json) ? json : [];
  if (!Number.isFinite(least) || !(most >= least)) return refuse("a range of two ascending numbers");
  return { range: [least, most] };
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
