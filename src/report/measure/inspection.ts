/**
 * What a model's layers expose, by the names of fields.
 *
 * @module
 */
import type { CheckpointTensor } from "../../checkpoint/content.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";

/** A number for each of several things. */
export interface InspectedBars {
  /** Name under which the model exposes it. */
  readonly name: string;
  /** What the numbers are of: fields, or places of experts, units or a history. */
  readonly of: "field" | "place";
  /** Names of the things. */
  readonly labels: readonly string[];
  /** Mean over rows, heads and columns of a field. */
  readonly values: readonly number[];
}

/** A number for each pair of fields. */
export interface InspectedPairs {
  /** Name under which the model exposes it. */
  readonly name: string;
  /** Names of the fields. */
  readonly labels: readonly string[];
  /** Numbers `[F, F]`: mean over rows and heads, or the root mean square of a block of weights; null where there is none. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** What was found. */
export interface Inspection {
  /** Rows looked at. */
  readonly rows: number;
  /** Numbers by field or place. */
  readonly bars: readonly InspectedBars[];
  /** Numbers by pair of fields. */
  readonly pairs: readonly InspectedPairs[];
  /** Names and shapes of what has no field to stand by. */
  readonly others: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Sizes by which shapes of exposed tensors are understood. */
export interface LayerSizes {
  /** Names of the fields F, as layers see them. */
  readonly names: readonly string[];
  /** Widths D of embeddings, above 1. */
  readonly widths: readonly number[];
  /** Most values of histories that the model reads in order. @default {[]} */
  readonly lengths?: readonly number[];
}

/** Most places that are told apart. */
const MOST_PLACES = 64;

/** Returns the names of what a model's layers see as fields: fields, and pooled sequences. */
export function layerFields({ fields, histories }: FittedSchema): string[] {
  const pooled = histories.flatMap(({ sequences: [{ name, feature }] }) => feature.combiner ? [name] : []);
  return [...fields.map(({ name }) => name), ...pooled];
}

/**
 * Takes means of exposed tensors, by field where their shape is one of fields.
 *
 * | shape without rows | taken for |
 * | --- | --- |
 * | `[..., F, F]` | pairs of fields, the mean of what is in front |
 * | `[F (F - 1) / 2]` | pairs i < j in order |
 * | `[F]`, `[F, 1]`, `[F, H]` | fields |
 * | `[F D, F D]` | pairs: root mean square of each block `[D, D]` |
 * | `[L, F D]`, `[F D]` | fields: mean of the absolute values of their columns |
 * | `[K]`, `[S, K]` | places 1 to K, for K up to 64 |
 *
 * @param exposed tensors by name, as `Model.inspect` returns them
 * @param rows rows that were inspected
 * @param sizes the fields, and what the D and K of a shape can be
 */
export function inspectionOf(
  exposed: Readonly<Record<string, CheckpointTensor>>,
  rows: number,
  { names, widths, lengths = [] }: LayerSizes,
): Inspection {
  const bars: InspectedBars[] = [];
  const pairs: InspectedPairs[] = [];
  const others: { name: string; shape: readonly number[] }[] = [];
  for (const [name, { shape, data }] of Object.entries(exposed)) {
    const isByRow = shape[0] === rows;
    const rest = (isByRow ? shape.slice(1) : shape).filter((size, _, all) => size !== 1 || all.length === 1);
    const mean = meanOver(data as Float32Array, isByRow ? rows : 1);
    const found = pairsOf(mean, rest, names.length, widths);
    if (found) pairs.push({ name, labels: names, values: found });
    else {
      // Of a history as long as there are fields, places are what weights are of.
      const values = lengths.includes(rest[rest.length - 1]) ? undefined : barsOf(mean, rest, names.length, widths);
      const places = values ? undefined : placesOf(mean, rest);
      if (values) bars.push({ name, of: "field", labels: names, values });
      else if (places) bars.push({ name, of: "place", labels: places.map((_, i) => `${i + 1}`), values: places });
      else others.push({ name, shape });
    }
  }
  return { rows, bars, pairs, others };
}

/** Returns the mean of `count` equally long parts. */
function meanOver(data: ArrayLike<number>, count: number): Float64Array {
  const size = data.length / count;
  const mean = new Float64Array(size);
  for (let i = 0; i < data.length; i++) mean[i % size] += data[i] / count;
  return mean;
}

function pairsOf(
  values: Float64Array,
  shape: readonly number[],
  fields: number,
  widths: readonly number[],
): (number | null)[][] | undefined {
  const [height, width] = shape.slice(-2);
  const square = (at: (i: number, j: number) => number | null): (number | null)[][] =>
    Array.from({ length: fields }, (_, i) => Array.from({ length: fields }, (_, j) => at(i, j)));
  if (fields < 2) return undefined;
  if (shape.length >= 2 && height === fields && width === fields) {
    const mean = meanOver(values, values.length / (fields * fields));
    return square((i, j) => mean[i * fields + j]);
  }
  if (shape.length === 1 && shape[0] === (fields * (fields - 1)) / 2 && fields > 3) {
    // Pairs (0, 1), (0, 2), ..., (1, 2), ...
    const place = (i: number, j: number): number => i * fields - (i * (i + 1)) / 2 + j - i - 1;
    return square((i, j) => i === j ? null : values[place(Math.min(i, j), Math.max(i, j))]);
  }
  if (shape.length === 2 && height === width && widths.includes(width / fields)) {
    const dim = width / fields;
    return square((i, j) => blockSize(values, width, [i * dim, j * dim], dim));
  }
  return undefined;
}

/** Returns the root mean square of a square block. */
function blockSize(values: Float64Array, width: number, [top, left]: readonly [number, number], dim: number): number {
  let sum = 0;
  for (let i = top; i < top + dim; i++) for (let j = left; j < left + dim; j++) sum += values[i * width + j] ** 2;
  return Math.sqrt(sum) / dim;
}

function barsOf(
  values: Float64Array,
  shape: readonly number[],
  fields: number,
  widths: readonly number[],
): number[] | undefined {
  const [first, last] = [shape[0], shape[shape.length - 1]];
  if (shape.length === 1 && last === fields) return [...values];
  if (shape.length === 2 && first === fields) {
    return Array.from({ length: fields }, (_, f) => meanOf(values.subarray(f * last, (f + 1) * last)));
  }
  if (shape.length <= 2 && widths.includes(last / fields)) {
    const mean = meanOver(values.map(Math.abs), values.length / last);
    const dim = last / fields;
    return Array.from({ length: fields }, (_, f) => meanOf(mean.subarray(f * dim, (f + 1) * dim)));
  }
  return shape.length === 2 && last === fields ? [...meanOver(values, first)] : undefined;
}

function placesOf(values: Float64Array, shape: readonly number[]): number[] | undefined {
  const last = shape[shape.length - 1];
  return last > 1 && last <= MOST_PLACES ? [...meanOver(values, values.length / last)] : undefined;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
