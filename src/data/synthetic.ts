/**
 * Made-up data with known properties, for tests and benches.
 *
 * @module
 */
import { auc } from "../metrics.ts";
import { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { randomNormal, randomUnit, requireU32 } from "./random.ts";
import { categorical } from "./schema.ts";

/** Options of {@linkcode plantedInteractions}. */
export interface PlantedOptions {
  /** Number of rows. */
  rows: number;
  /** Number of values of each field, at least 2. */
  vocabularies: readonly number[];
  /** Width of the hidden vectors. @default {4} */
  dim?: number;
  /** Scale of the logistic noise, against a signal of variance 1; with 0 the label is the sign of the signal. @default {0.25} */
  noise?: number;
  /** Seed, an integer in [0, 2^32). */
  seed: number;
}

/** Data whose labels hang on pairs of fields. */
export interface PlantedData {
  /** The rows. */
  data: Dataset;
  /** True probability of label 1, `[rows]`: no model can rank better. */
  probabilities: Float64Array<ArrayBuffer>;
  /** AUC of the true probabilities on all rows. */
  bayesAuc: number;
}

/** Counter of {@linkcode randomUnit} that keeps the draws of different uses apart. */
const DRAW = { vector: 1, id: 2, label: 3 };

/**
 * Draws rows whose labels depend on pairs of fields alone: with hidden vectors v of each value, centered within their
 * field, and values drawn uniformly,
 *
 *     signal = sum_{f<g} <v_f, v_g> / deviation,   P(y = 1) = sigmoid(signal / noise)
 *
 * The mean of the signal given any one field is 0, so that logistic regression stays below AUC 0.6 while a factorization
 * machine can come near {@linkcode PlantedData.bayesAuc}.
 *
 * @throws {RangeError} when a size or the seed is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { data, bayesAuc } = plantedInteractions({ rows: 1000, vocabularies: [8, 6, 7], seed: 1 });
 * assert.equal(data.schema.rowCount, 9 + 7 + 8);
 * assert.ok(bayesAuc > 0.9);
 * ```
 */
export function plantedInteractions(options: PlantedOptions): PlantedData {
  const { rows, vocabularies, dim = 4, noise = 0.25, seed } = options;
  requireSizes("plant interactions", rows, seed, vocabularies, 2);
  if (vocabularies.length < 2 || !(dim >= 1) || !(noise >= 0)) {
    throw new RangeError(
      `Cannot plant interactions: there must be 2 fields, dim 1 and noise 0 or more, received ${vocabularies.length} ` +
        `fields, dim ${dim}, noise ${noise}`,
    );
  }
  const schema = countedSchema(vocabularies);
  const vectors = vocabularies.map((size, f) => centeredVectors(size, dim, seed, f));
  const ids = new Uint32Array(vocabularies.length * rows);
  const signal = new Float64Array(rows);
  const sum = new Float64Array(dim);
  for (let r = 0; r < rows; r++) {
    sum.fill(0);
    let squares = 0;
    for (const [f, size] of vocabularies.entries()) {
      const value = Math.floor(randomUnit(seed, DRAW.id, r, f) * size);
      ids[f * rows + r] = schema.fields[f].offset + 1 + value;
      for (let d = 0; d < dim; d++) {
        const v = vectors[f][value * dim + d];
        sum[d] += v;
        squares += v * v;
      }
    }
    signal[r] = (sum.reduce((total, s) => total + s * s, 0) - squares) / 2;
  }
  const deviation = Math.sqrt(signal.reduce((total, s) => total + s * s, 0) / rows);
  const probabilities = signal.map((s) => noise === 0 ? Number(s > 0) : 1 / (1 + Math.exp(-s / deviation / noise)));
  const labels = Float32Array.from(probabilities, (p, r) => Number(randomUnit(seed, DRAW.label, r) < p));
  const data = new Dataset({ schema, rows, ids, values: undefined, labels, labeled: true });
  return { data, probabilities, bayesAuc: auc(probabilities, labels) };
}

/** Options of {@linkcode zipfDataset}. */
export interface ZipfOptions {
  /** Number of rows. */
  rows: number;
  /** Number of fields; Criteo has 39. */
  fields: number;
  /** Rows of the flat row space, at least 2 for each field. */
  totalRows: number;
  /** Exponent s of the distribution of the values; 0 for uniform. @default {1.05} */
  exponent?: number;
  /** Share of rows with label 1. @default {0.25} */
  positiveRate?: number;
  /** Seed, an integer in [0, 2^32). */
  seed: number;
}

// Largest field over smallest; the categorical fields of Criteo span more, those that are cut to hashes less.
const SIZE_RATIO = 1e4;

/**
 * Draws rows whose values are skewed as those of click logs are, with labels that depend on nothing. Field sizes grow
 * geometrically from the first to the last, by 10^4 in all. Value k = 0, 1, ... of a field with V values has
 *
 *     P(k) = (F(k + 2) - F(k + 1)) / F(V + 1),   F(x) = integral_1^x t^-s dt
 *
 * and the rows of a field are in the order of k, as those of a fitted vocabulary are.
 *
 * @throws {RangeError} when a size or the seed is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const data = zipfDataset({ rows: 1000, fields: 39, totalRows: 10_000, seed: 1 });
 * assert.equal(data.schema.rowCount, 10_000);
 * assert.equal(data.ids.length, 39 * 1000);
 * ```
 */
export function zipfDataset(options: ZipfOptions): Dataset {
  const { rows, fields, totalRows, exponent = 1.05, positiveRate = 0.25, seed } = options;
  const sizes = geometricSizes(fields, totalRows).map((size) => size - 1);
  requireSizes("draw rows", rows, seed, sizes, 1);
  const schema = countedSchema(sizes);
  const ids = new Uint32Array(fields * rows);
  for (const [f, size] of sizes.entries()) {
    const first = schema.fields[f].offset + 1;
    const draw = boundedPower(size + 1, exponent);
    for (let r = 0; r < rows; r++) {
      // The draw may round up to its upper end.
      const value = Math.min(size - 1, Math.floor(draw(randomUnit(seed, DRAW.id, r, f))) - 1);
      ids[f * rows + r] = first + value;
    }
  }
  const labels = Float32Array.from({ length: rows }, (_, r) => Number(randomUnit(seed, DRAW.label, r) < positiveRate));
  return new Dataset({ schema, rows, ids, values: undefined, labels, labeled: true });
}

/** Returns the inverse of the distribution on [1, end) with density proportional to x^-s. */
function boundedPower(end: number, s: number): (u: number) => number {
  if (s === 1) return (u) => end ** u;
  const power = 1 - s;
  const top = end ** power - 1;
  return (u) => (1 + u * top) ** (1 / power);
}

function geometricSizes(fields: number, totalRows: number): number[] {
  const spare = totalRows - 2 * fields;
  const shares = Array.from({ length: fields }, (_, f) => SIZE_RATIO ** (f / Math.max(1, fields - 1)));
  const whole = shares.reduce((sum, share) => sum + share, 0);
  let [sum, taken] = [0, 0];
  return shares.map((share, f) => {
    sum += share;
    const end = f === fields - 1 ? spare : Math.floor((sum / whole) * spare);
    const size = 2 + end - taken;
    taken = end;
    return size;
  });
}

/** Makes a schema of fields f0, f1, ... whose values are "0", "1", ... up to the given counts. */
function countedSchema(sizes: readonly number[]): FittedSchema {
  const tokens = Array.from({ length: Math.max(...sizes) }, (_, value) => String(value));
  return new FittedSchema({
    declared: { label: "label" },
    missing: [""],
    fields: sizes.map((size, f) => ({
      feature: categorical(`f${f}`),
      missing: false,
      vocabulary: tokens.slice(0, size),
    })),
  });
}

function centeredVectors(size: number, dim: number, seed: number, field: number): Float64Array {
  const vectors = Float64Array.from({ length: size * dim }, (_, i) => randomNormal(seed, DRAW.vector, field, i));
  for (let d = 0; d < dim; d++) {
    let mean = 0;
    for (let value = 0; value < size; value++) mean += vectors[value * dim + d] / size;
    for (let value = 0; value < size; value++) vectors[value * dim + d] -= mean;
  }
  return vectors;
}

function requireSizes(action: string, rows: number, seed: number, sizes: readonly number[], least: number): void {
  requireU32(action, "seed", seed);
  requireU32(action, "number of rows", rows);
  for (const size of [rows, ...sizes.map((size) => size - least + 1)]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(
        `Cannot ${action}: there must be a row and ${least} values or more per field, received ${rows} rows, ${sizes} values`,
      );
    }
  }
}
