/** Whole models against references in float64: logits, and gradients against central differences of the loss. */
import type { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { categorical, numeric as numericFeature } from "../../src/data/schema.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import { assert } from "@std/assert";
import { drawDataset, withHistory } from "../datasets.ts";
import type { Batch, Matrix, Weights } from "../reference/nn.ts";
import { scoreOnProcessor } from "../processor/agreement.ts";
import { logitsOf } from "../logits.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

/** Computes the logits of a batch in float64. */
export type ModelReference = (weights: Weights, batch: Batch) => Matrix;

/** Sizes under test: fields, width of an embedding, rows. */
export interface ModelShape {
  readonly fields: number;
  /** Numeric fields after the categorical ones, each with a row for missing numbers. @default {0} */
  readonly numeric?: number;
  /** Most events of a history of the first two fields; there is no history when absent. */
  readonly places?: number;
  readonly dim: number;
  readonly rows: number;
}

/** Sizes that go wrong most easily. */
export const AWKWARD_SHAPES: readonly ModelShape[] = [
  { fields: 1, dim: 1, rows: 1 },
  { fields: 3, dim: 4, rows: 37 },
  { fields: 2, dim: 17, rows: 5 },
];

/** Ids of each field, the unused row for unseen ones included. */
const ROWS = 4;

/** So large that a parameter's own rounding vanishes beside one step along its gradient. */
const PROBE_LR = 2 ** 14;

/** Gradients compared of each tensor at most. */
const SAMPLES = 40;

/** Loss of a batch, where it is not the mean binary cross-entropy of the logits. */
export type LossReference = (weights: Weights, batch: Batch, labels: Float32Array) => number;

/** Checks a model's logits in prediction, and the loss and gradient of one training step. */
export async function checkModel(
  definition: Definition,
  { fields, rows, numeric = 0, places }: ModelShape,
  reference: ModelReference,
  { loss, rtol = 2e-5 }: { loss?: LossReference; rtol?: number } = {},
): Promise<void> {
  const schema = places ? withHistory(schemaOf(fields, numeric), places) : schemaOf(fields, numeric);
  const data = drawDataset(schema, rows, 7);
  await using model = await Model.create(definition, schema, { device: await gpu() });
  await randomize(model);
  const before = await model.parameters();
  const weights: Record<string, Float64Array> = {};
  for (const [name, { data }] of Object.entries(before)) weights[name] = Float64Array.from(data as Float32Array);
  const ids = Array.from({ length: rows }, (_, b) => schema.fields.map((_, f) => data.ids[f * rows + b]));
  const numbers = data.values && ids.map((row, b) => row.map((_, f) => data.values![f * rows + b]));
  const inputs = { ids, values: numbers, ...(places && { events: eventsOf(data) }) };
  const [logits] = await logitsOf(model, data);
  const expected = reference(weights, { ...inputs, training: false }).map(([logit]) => logit);
  assertClose(logits, expected, "logits", { rtol: 2e-5, atol: 2e-6 });
  const own = scoreOnProcessor(definition, data, before);
  if (own) assertClose(own.logits, expected, "logits on the processor", { rtol: 2e-5, atol: 2e-6 });
  const optimizer = sgd({ lr: PROBE_LR, embeddingUpdate: "dense" });
  const schedule = (step: number): number => step === 0 ? PROBE_LR : 0;
  const l2 = { embedding: 0, net: 0 };
  const rules = { l2, optimizer, schedule, unseenShare: 0, initialBias: "keep" } as const;
  const trained = withBothClasses(data);
  const { epochs: [report] } = await model.fit(trained, { batchSize: rows, shuffle: false, ...rules });
  const after = await model.parameters();
  const objective = loss ?? ((w, batch) => crossEntropy(reference(w, batch).map(([logit]) => logit), data.labels!));
  const exact = objective(weights, { ...inputs, training: true }, data.labels!);
  assert(Number.isFinite(exact), "the loss must be finite");
  // A row that was appended has a loss of its own.
  if (trained === data) assertClose([report.loss], [exact], "loss", { rtol });
  for (const name of Object.keys(before).filter((name) => !/\.(mean|variance)$/.test(name))) {
    const moved = after[name].data as Float32Array;
    const values = weights[name];
    const step = Math.max(1, Math.ceil(values.length / SAMPLES));
    const sampled = Array.from({ length: Math.ceil(values.length / step) }, (_, i) => i * step);
    const gradient = sampled.map((i) => (values[i] - moved[i]) / PROBE_LR);
    const differences = sampled.map((i) =>
      difference(() => objective(weights, { ...inputs, training: true }, data.labels!), values, i)
    );
    assertClose(gradient, differences, `gradient of ${name}`, { rtol, atol: 4e-6 });
  }
}

/** Returns the rows of each event of the first history. */
function eventsOf({ histories: [{ offsets, ids }], rows }: Dataset): number[][][] {
  const members = ids.length / offsets[rows];
  return Array.from({ length: rows }, (_, b) =>
    Array.from({ length: offsets[b + 1] - offsets[b] }, (_, t) => {
      const at = (offsets[b] + t) * members;
      return [...ids.subarray(at, at + members)];
    }));
}

/** Appends a row of the other label to rows of one, since training wants both; it is in the step behind the first. */
function withBothClasses(data: Dataset): Dataset {
  if (data.positives > 0 && data.positives < data.rows) return data;
  const more = data.select(Uint32Array.from({ length: data.rows + 1 }, (_, row) => row % data.rows));
  more.labels[data.rows] = 1 - more.labels[data.rows];
  return more;
}

/** Returns the mean binary cross-entropy. */
export function crossEntropy(logits: readonly number[], labels: ArrayLike<number>): number {
  const losses = logits.map((z, b) => Math.max(z, 0) - z * labels[b] + Math.log1p(Math.exp(-Math.abs(z))));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function difference(objective: () => number, values: Float64Array, i: number, h = 1e-5): number {
  const original = values[i];
  values[i] = original + h;
  const above = objective();
  values[i] = original - h;
  const below = objective();
  values[i] = original;
  return (above - below) / (2 * h);
}

/** Gives all parameters numbers between -0.7 and 0.7, small ones where many are summed. */
async function randomize(model: Model): Promise<void> {
  const parameters = await model.parameters();
  Object.entries(parameters).forEach(([name, tensor], i) => {
    if (/\.(mean|variance)$/.test(name)) return;
    const inner = /weight$/.test(name) && tensor.shape.length > 1 ? Number(tensor.shape[0]) : 1;
    const scale = 0.7 / Math.sqrt(inner);
    tensor.data = Float32Array.from(randomArray(tensor.data.length, 17 * i + 3), (value) => scale * value);
  });
  model.setParameters(parameters);
}

function schemaOf(fields: number, numeric: number): FittedSchema {
  const vocabulary = Array.from({ length: ROWS - 1 }, (_, i) => String(i + 1));
  return new FittedSchema({
    declared: { label: "label" },
    missing: [""],
    fields: Array.from(
      { length: fields + numeric },
      (_, f) =>
        f < fields
          ? { feature: categorical(`f${f}`), missing: false, vocabulary }
          : { feature: numericFeature(`f${f}`), missing: true, scaling: { scale: "none", center: 0, spread: 1 } },
    ),
  });
}
