/**
 * A field after it has seen training data: what was fitted to it, and its place in the row space.
 *
 * @module
 */
import { isAscending } from "./bucket_edges.ts";
import { type PastFit, readPastFit } from "./derived/past_fit.ts";
import { bucketCount, rowsOfNewValues } from "./hash_buckets.ts";
import { findBucket, type FittedScale } from "./scaling.ts";
import type { CategoricalFeature, NumericFeature } from "./schema.ts";
import { firstValueRow, isTextList, MISSING, OUT_OF_VOCABULARY, readIdle } from "./vocabulary.ts";

/** What fitting adds to a declared feature. */
export interface FieldFit {
  /** The feature as declared. */
  readonly feature: CategoricalFeature | NumericFeature;
  /** Whether the field has a row for missing values. */
  readonly missing: boolean;
  /** Values of a categorical field, in the order of their rows. */
  readonly vocabulary?: readonly string[];
  /** For each value, trainings in a row whose rows lacked it, where the schema has grown and there are some. */
  readonly idle?: readonly number[];
  /** Whether each occurrence of a categorical field carries a value of its own. */
  readonly weighted?: boolean;
  /** Scaling of a numeric field. */
  readonly scaling?: FittedScale;
  /** Statistics of the training rows as of their end, for a field of the past. */
  readonly past?: PastFit;
  /** Ascending edges between the buckets of a bucketed field. */
  readonly edges?: readonly number[];
  /** Smallest and largest number of the training data, for a field of numbers that had any. */
  readonly range?: readonly [least: number, most: number];
  /** Value that stands in for missing ones, where they have no row of their own. */
  readonly fill?: string | number;
}

/**
 * A field of the flat row space.
 *
 * | kind | rows |
 * | --- | --- |
 * | `categorical` | out-of-vocabulary, [missing,] values by falling count[, hash buckets] |
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

/** Gives a field its rows from `offset` on. */
export function placeField(fit: FieldFit, offset: number): FittedField {
  const { feature, missing, vocabulary = [], edges = [] } = fit;
  const kind = kindOf(feature);
  const values = kind === "categorical" ? vocabulary.length + bucketCount(feature) : edges.length + 1;
  const rows = kind === "numeric" ? Number(missing) + 1 : firstValueRow(missing) + values;
  return { ...fit, name: feature.name, kind, rows, offset };
}

function kindOf(feature: FieldFit["feature"]): FittedField["kind"] {
  if (feature.kind === "categorical") return "categorical";
  return feature.buckets === undefined ? "numeric" : "bucketed";
}

/** Returns the row of a missing value of a field that is looked up, counted from the field's first. */
export function missingRowOf(field: FittedField, tokenRows: ReadonlyMap<string, number>): number {
  const { kind, missing, fill, edges = [] } = field;
  if (fill === undefined) return missing ? MISSING : OUT_OF_VOCABULARY;
  if (kind === "bucketed") return firstValueRow(missing) + findBucket(edges, fill as number);
  return tokenRows.get(fill as string) ?? rowsOfNewValues(field)(fill as string);
}

/**
 * Reads what a schema's JSON has for a field.
 *
 * @throws {TypeError} when it is something else
 */
export function readFit(feature: FieldFit["feature"], json: Record<string, unknown>): FieldFit {
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot read fitted schema: field "${feature.name}" must have ${what}`);
  };
  const { missing, vocabulary, idle, weighted, scaling, edges, fill } = json;
  if (typeof missing !== "boolean") return refuse("missing as true or false");
  const kind = kindOf(feature);
  if (kind === "categorical") {
    if (!isTextList(vocabulary)) return refuse("a vocabulary of texts");
    return {
      ...{ feature, missing, vocabulary, ...readIdle(idle, vocabulary), ...(weighted === true ? { weighted } : {}) },
      ...readFill(fill, feature.ifMissing !== undefined && "string", refuse),
    };
  }
  const rest = {
    ...readRange(json.range, refuse),
    ...readPastFit(feature, json.past, refuse),
    ...readFill(fill, feature.ifMissing !== undefined && "number", refuse),
  };
  if (kind === "bucketed") {
    if (!Array.isArray(edges) || !isAscending(edges)) return refuse("ascending edges");
    return { feature, missing, edges, ...rest };
  }
  const { center, spread } = (scaling ?? {}) as Partial<FittedScale>;
  if (!Number.isFinite(center) || !((spread as number) > 0)) return refuse("a scaling with center and spread above 0");
  const scale = feature.kind === "numeric" ? feature.scale : "none";
  const scaled = { scale, center: center as number, spread: spread as number };
  return { feature, missing, scaling: scaled, ...rest };
}

function readRange(json: unknown, refuse: (what: string) => never): Pick<FieldFit, "range"> {
  if (json === undefined) return {};
  const [least, most] = Array.isArray(json) ? json : [];
  if (!Number.isFinite(least) || !(most >= least)) return refuse("a range of two ascending numbers");
  return { range: [least, most] };
}

function readFill(
  json: unknown,
  type: "string" | "number" | false,
  refuse: (what: string) => never,
): Pick<FieldFit, "fill"> {
  if (json === undefined && !type) return {};
  if (typeof json !== type || (type === "number" && !Number.isFinite(json))) {
    return refuse(type ? `a ${type} that fills in for missing values` : "no value that fills in for missing ones");
  }
  return { fill: json as string | number };
}
