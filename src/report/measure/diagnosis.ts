/**
 * What can be wrong with a trained model and is not seen in its metrics: dimensions that embeddings do not use, rows that
 * training never moved, units that never fire.
 *
 * @module
 */
import type { CheckpointTensor } from "../../checkpoint/content.ts";
import { effectiveRank, informationAbundance, singularValues } from "./spectrum.ts";
import {
  declarationsOf,
  type DescribedModel,
  embeddingTables,
  type FieldRows,
  fieldRows,
  type LoadedTable,
  rowsIn,
} from "./tables.ts";

/** The dimensions that the embeddings of a field use, and its rows without use. */
export interface FieldDiagnosis {
  /** Name of the table. */
  readonly table: string;
  /** Name of the field. */
  readonly field: string;
  /** Rows of the field. */
  readonly rows: number;
  /** Width D of an embedding. */
  readonly dim: number;
  /** Singular values over the largest, in falling order; empty where D is 1, above 256, or the field has one row. */
  readonly spectrum: readonly number[];
  /** Sum of the singular values over the largest, at most the smaller of rows and D; null without a spectrum. */
  readonly abundance: number | null;
  /** exp of the entropy of the singular values' shares; null without a spectrum. */
  readonly effectiveRank: number | null;
  /** Rows that are what the seed and the model's own initializer gave them first, bit by bit, and are not zeros. */
  readonly unmoved: number;
  /** Rows of zeros. */
  readonly zeros: number;
}

/** A layer with ReLU, as some rows saw it. */
export interface UnitDiagnosis {
  /** Name of the layer. */
  readonly layer: string;
  /** Units of it. */
  readonly units: number;
  /** Units that were 0 in all rows. */
  readonly dead: number;
  /** Share of the outputs that were 0. */
  readonly zeroShare: number;
}

/** What was found. */
export interface Diagnosis {
  /** Fields by table. */
  readonly fields: readonly FieldDiagnosis[];
  /** Layers with ReLU; empty where none was looked at. */
  readonly layers: readonly UnitDiagnosis[];
  /** What to do about it, in sentences; empty when nothing is wrong. */
  readonly advice: readonly string[];
}

/** Widest embeddings of which singular values are computed, in a time that grows with the cube of the width. */
const WIDEST = 256;

/** Rows of a field that a spectrum is of, evenly spaced. */
const MOST_ROWS = 1 << 16;

/** Share of the dimensions that a field can use below which it is called collapsed. */
const COLLAPSED = 0.3;

/** Fewest dimensions among which a collapse is worth a word. */
const LEAST_DIMENSIONS = 4;

/** Share of a field's rows without use above which they are worth a word. */
const MANY_ROWS = 0.05;

/** Share of a layer's dead units above which they are worth a word. */
const MANY_UNITS = 0.1;

/**
 * Diagnoses the embeddings of a model.
 *
 * @param model its definition, schema and seed
 * @param parameters its tensors, as `Model.parameters` returns them
 * @param layers units that were looked at, by {@linkcode diagnoseUnits}
 */
export function diagnose(
  model: DescribedModel,
  parameters: Readonly<Record<string, CheckpointTensor>>,
  layers: readonly UnitDiagnosis[] = [],
): Diagnosis {
  const spans = fieldRows(model.schema);
  const fields = embeddingTables(declarationsOf(model), parameters).flatMap((loaded) =>
    rowsIn(loaded.table, spans).map((span) => diagnoseField(loaded, span, model.seed))
  );
  return { fields, layers, advice: [...adviseOnFields(fields), ...adviseOnUnits(layers)] };
}

function diagnoseField(
  { table, values }: LoadedTable,
  { name, offset, rows }: FieldRows,
  seed: number,
): FieldDiagnosis {
  const { dim } = table;
  const end = (offset + rows) * dim;
  const first = new Float32Array(rows * dim);
  const fans = { fanIn: table.rows, fanOut: dim };
  table.initializer.fill(first, { seed, name: table.name, ...fans, offset: offset * dim });
  let [unmoved, zeros] = [0, 0];
  for (let at = offset * dim; at < end; at += dim) {
    let [isFirst, isZero] = [true, true];
    for (let i = at; i < at + dim; i++) {
      if (values[i] !== first[i - offset * dim]) isFirst = false;
      if (values[i] !== 0) isZero = false;
    }
    if (isFirst && !isZero) unmoved++;
    if (isZero) zeros++;
  }
  const hasSpectrum = dim > 1 && dim <= WIDEST && rows > 1;
  const singular = hasSpectrum ? singularValues(sampleRows(values, offset, rows, dim), dim) : [];
  return {
    table: table.name,
    field: name,
    rows,
    dim,
    spectrum: singular.map((value) => (singular[0] > 0 ? value / singular[0] : 0)),
    abundance: hasSpectrum ? informationAbundance(singular) : null,
    effectiveRank: hasSpectrum ? effectiveRank(singular) : null,
    unmoved,
    zeros,
  };
}

/** Copies evenly spaced rows. */
function sampleRows(values: ArrayLike<number>, offset: number, rows: number, dim: number): Float64Array {
  const count = Math.min(rows, MOST_ROWS);
  const sample = new Float64Array(count * dim);
  for (let k = 0; k < count; k++) {
    const from = (offset + Math.floor((k * rows) / count)) * dim;
    for (let i = 0; i < dim; i++) sample[k * dim + i] = values[from + i];
  }
  return sample;
}

/**
 * Counts the units of a layer with ReLU that no row makes fire.
 *
 * @param layer name of the layer
 * @param outputs outputs of the layer, `[..., units]`
 * @param units number of units
 */
export function diagnoseUnits(layer: string, outputs: ArrayLike<number>, units: number): UnitDiagnosis {
  const fires = new Uint8Array(units);
  let zeros = 0;
  for (let i = 0; i < outputs.length; i++) {
    if (outputs[i] > 0) fires[i % units] = 1;
    else zeros++;
  }
  const dead = fires.reduce((count, fired) => count + 1 - fired, 0);
  return { layer, units, dead, zeroShare: outputs.length === 0 ? 0 : zeros / outputs.length };
}

/** Returns the most dimensions that a field's embeddings can use. */
export function usableDimensions({ rows, dim }: Pick<FieldDiagnosis, "rows" | "dim">): number {
  return Math.min(rows, dim);
}

function adviseOnFields(fields: readonly FieldDiagnosis[]): string[] {
  const advice: string[] = [];
  const collapsed = fields.filter((field) =>
    field.abundance !== null && usableDimensions(field) >= LEAST_DIMENSIONS &&
    field.abundance < COLLAPSED * usableDimensions(field)
  );
  if (collapsed.length > 0) {
    const worst = collapsed.reduce((
      a,
      b,
    ) => (a.abundance! / usableDimensions(a) <= b.abundance! / usableDimensions(b) ? a : b));
    advice.push(
      `Embeddings of ${nameFields(collapsed)} have collapsed: those of ${worst.field} use about ` +
        `${worst.abundance!.toFixed(1)} of ${
          usableDimensions(worst)
        } dimensions. A smaller width would hold the same; ` +
        "less L2 on embeddings, or a model that projects fields before it multiplies them (dcnv2, fibinet), uses more.",
    );
  }
  const unmoved = fields.filter(({ unmoved, rows }) => unmoved > MANY_ROWS * rows && unmoved > 1);
  if (unmoved.length > 0) {
    advice.push(
      `Rows of ${
        nameFields(unmoved)
      } still have their first values: training never met their values. They add noise and ` +
        "memory; give rare values a shared row (minCount), or train on data that has them.",
    );
  }
  const zero = fields.filter(({ zeros, rows }) => zeros > MANY_ROWS * rows && zeros > 1);
  if (zero.length > 0) {
    advice.push(
      `Rows of ${
        nameFields(zero)
      } are all zeros: they say nothing. L1 and strong L2 do this on purpose; otherwise lower ` +
        "them, or check that gradients reach the table.",
    );
  }
  return advice;
}

function adviseOnUnits(layers: readonly UnitDiagnosis[]): string[] {
  const dead = layers.filter((layer) => layer.dead > MANY_UNITS * layer.units);
  if (dead.length === 0) return [];
  const list = dead.map((layer) => `${layer.dead} of ${layer.units} units of ${layer.layer}`).join(", ");
  return [
    `${list} are 0 in every row looked at: they compute nothing and get no gradient. A lower learning rate, batch norm or ` +
    "narrower layers help.",
  ];
}

/** Names up to three fields. */
function nameFields(fields: readonly FieldDiagnosis[]): string {
  const names = [...new Set(fields.map(({ field }) => field))];
  const more = names.length - 3;
  return `${names.slice(0, 3).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
