/** Model cases computed by PyTorch and FuxiCTR: the same parameters, batches and steps through Weft. */
import type { CheckpointTensor } from "../src/checkpoint.ts";
import { Dataset } from "../src/data/dataset.ts";
import type { FittedSchema } from "../src/data/fitted_schema.ts";
import type { Definition } from "../src/definition.ts";
import { Model } from "../src/model.ts";
import { adam, type Optimizer, sgd } from "../src/optimizer.ts";
import { schemaOf } from "./datasets.ts";
import { type GoldenLists, historiesOf, withSequences } from "./golden_histories.ts";
import { assertClose, gpu } from "./support.ts";

/** A tensor of a case. */
export interface GoldenTensor {
  name: string;
  shape: number[];
  data: number[];
}

/** Tensors by name; their shapes are those of the first parameters. */
type GoldenData = Record<string, number[]>;

interface GoldenSteps {
  lr: number;
  loss_before_each_step: number[];
  params: GoldenData;
  buffers?: GoldenData;
}

/** A file of `tests/golden` that holds a model. */
export interface GoldenCase {
  config: { vocab_sizes: number[]; embedding_l2?: number; net_l2?: number; multi_vocab?: number };
  batches: ({ ids: number[][]; labels: number[] } & GoldenLists)[];
  params: GoldenTensor[];
  forward: { logits: number[]; loss_mean: number };
  grads: GoldenData;
  buffers_init?: GoldenTensor[];
  buffers_after_forward?: GoldenData;
  eval_logits?: number[];
  regularization?: { value: number };
  sgd: GoldenSteps;
  adam: GoldenSteps;
  lazy_adam?: GoldenSteps;
  conditioning: { zero_gradient_params: string[] };
}

type Tensors = Record<string, CheckpointTensor>;

/** Gives a case's tensors names and layouts that the default rules know. */
export type Convert = (tensors: readonly GoldenTensor[]) => readonly GoldenTensor[];

/** Tables of Weft by what the cases call them. */
const TABLES: Readonly<Record<string, string>> = { emb: "embedding", lr: "linear", lw: "linear" };

/** Learning rate of the single step that a gradient is read from: so large that the parameter's own rounding vanishes. */
const PROBE_LR = 2 ** 14;

const TOLERANCE = { rtol: 2e-5, atol: 1e-9 };

/** Reads a case. */
function readGolden(name: string, convert: Convert = (tensors) => tensors): GoldenCase {
  const golden: GoldenCase = JSON.parse(Deno.readTextFileSync(new URL(`golden/${name}.json`, import.meta.url)));
  const convertData = (data: GoldenData): GoldenData => {
    const tensors = golden.params.filter((tensor) => data[tensor.name]);
    const converted = convert(tensors.map((tensor) => ({ ...tensor, data: data[tensor.name] })));
    return Object.fromEntries(converted.map((tensor) => [tensor.name, tensor.data]));
  };
  const convertNames = (data: GoldenData = {}): GoldenData =>
    Object.fromEntries(Object.entries(data).map(([name, numbers]) => [rename(name, convert), numbers]));
  const convertSteps = (steps: GoldenSteps): GoldenSteps => ({
    ...steps,
    params: convertData(steps.params),
    ...(steps.buffers && { buffers: convertNames(steps.buffers) }),
  });
  return {
    ...golden,
    params: [...convert(golden.params)],
    buffers_init: golden.buffers_init && [...convert(golden.buffers_init)],
    buffers_after_forward: convertNames(golden.buffers_after_forward),
    conditioning: {
      ...golden.conditioning,
      zero_gradient_params: golden.conditioning.zero_gradient_params.map((name) => rename(name, convert)),
    },
    grads: convertData(golden.grads),
    sgd: convertSteps(golden.sgd),
    adam: convertSteps(golden.adam),
    lazy_adam: golden.lazy_adam && convertSteps(golden.lazy_adam),
  };
}

/** Returns what a converter that changes names alone calls a tensor. */
function rename(name: string, convert: Convert): string {
  return convert([{ name, shape: [0], data: [] }])[0].name;
}

/** Checks logits, losses, gradients, running statistics and three steps of each optimizer. */
export async function checkGolden(name: string, definition: Definition, convert?: Convert): Promise<void> {
  const golden = readGolden(name, convert);
  const schema = withSequences(schemaOf(golden.config.vocab_sizes), golden.batches[0], {
    ...golden.config,
    combiner: "mean",
  });
  const all = datasetOf(golden, schema);
  const first = all.slice(0, golden.batches[0].labels.length);
  const start = async (): Promise<Model> => {
    const model = await Model.create(definition, schema, { device: await gpu() });
    model.setParameters(
      fromGolden(await model.parameters(), [...golden.params, ...(golden.buffers_init ?? [])], schema),
    );
    return model;
  };
  {
    await using model = await start();
    const logits = Array.from(await model.predict(first), (p) => Math.log(p / (1 - p)));
    assertClose(logits, golden.eval_logits ?? golden.forward.logits, `${name} logits`, { rtol: 2e-5 });
  }
  await checkGradients(name, golden, await start(), first, schema);
  const rules: [keyof GoldenCase & ("sgd" | "adam" | "lazy_adam"), (lr: number) => Optimizer][] = [
    ["sgd", (lr) => sgd({ lr, embeddingUpdate: "dense" })],
    ["adam", (lr) => adam({ lr, embeddingUpdate: "dense" })],
    ["lazy_adam", (lr) => adam({ lr, embeddingUpdate: "lazy" })],
  ];
  for (const [key, optimizer] of rules) {
    const steps = golden[key];
    if (steps) await checkSteps(`${name} ${key}`, golden, steps, optimizer(steps.lr), await start(), all, schema);
  }
}

async function checkGradients(
  name: string,
  golden: GoldenCase,
  model: Model,
  first: Dataset,
  schema: FittedSchema,
): Promise<void> {
  await using _ = model;
  const before = await model.parameters();
  const optimizer = sgd({ lr: PROBE_LR, embeddingUpdate: "dense" });
  const history = await model.fit(first, { ...options(golden, first.rows), optimizer });
  const penalty = golden.regularization?.value ?? 0;
  assertClose([history.epochs[0].loss + penalty], [golden.forward.loss_mean + penalty], `${name} loss`, TOLERANCE);
  const after = await model.parameters();
  const gradients = withShapes(golden, golden.grads);
  const expected = fromGolden(before, gradients, schema);
  for (const { name: tensor } of toWeft(gradients, schema)) {
    const gradient = numbers(before[tensor]).map((w, i) => (w - Number(after[tensor].data[i])) / PROBE_LR);
    const zero = golden.conditioning.zero_gradient_params.some((text) => text === tensor);
    // What is left of a gradient of zero is rounding, which depends on the order of a device's sums.
    const tolerance = zero ? { rtol: 0, atol: 5e-7 } : TOLERANCE;
    assertClose(gradient, numbers(expected[tensor]), `${name} gradient of ${tensor}`, tolerance);
  }
  const statistics = withShapes(golden, golden.buffers_after_forward);
  const buffers = fromGolden(after, statistics, schema);
  for (const { name: tensor } of toWeft(statistics, schema)) {
    assertClose(numbers(after[tensor]), numbers(buffers[tensor]), `${name} ${tensor}`, TOLERANCE);
  }
}

async function checkSteps(
  label: string,
  golden: GoldenCase,
  steps: GoldenSteps,
  optimizer: Optimizer,
  model: Model,
  all: Dataset,
  schema: FittedSchema,
): Promise<void> {
  await using _ = model;
  const batch = golden.batches[0].labels.length;
  const history = await model.fit(all, { ...options(golden, batch), optimizer });
  if (!golden.regularization) {
    const mean = steps.loss_before_each_step.reduce((sum, loss) => sum + loss, 0) / steps.loss_before_each_step.length;
    assertClose([history.epochs[0].loss], [mean], `${label} mean loss`, TOLERANCE);
  }
  const after = await model.parameters();
  const noisy = optimizer.name === "adam" ? golden.conditioning.zero_gradient_params : [];
  const tensors = withShapes(golden, { ...steps.params, ...steps.buffers });
  const expected = fromGolden(after, tensors, schema);
  for (const { name: tensor } of toWeft(tensors, schema)) {
    if (noisy.some((text) => text === tensor || tensor === text.replace(/bias$/, "bn.mean"))) continue;
    assertClose(numbers(after[tensor]), numbers(expected[tensor]), `${label} ${tensor}`, { rtol: 2e-5, atol: 1e-8 });
  }
}

function withShapes(golden: GoldenCase, data: GoldenData = {}): GoldenTensor[] {
  const known = [...golden.params, ...(golden.buffers_init ?? [])];
  return known.filter(({ name }) => data[name]).map(({ name, shape }) => ({ name, shape, data: data[name] }));
}

function options(golden: GoldenCase, batchSize: number) {
  const l2 = { embedding: golden.config.embedding_l2 ?? 0, net: golden.config.net_l2 ?? 0 };
  return { batchSize, shuffle: false, l2, initialBias: "keep" as const, unseenShare: 0 };
}

function datasetOf(golden: GoldenCase, schema: FittedSchema): Dataset {
  const rows = golden.batches.flatMap((batch) => batch.ids);
  const ids = new Uint32Array(rows.length * schema.fields.length);
  schema.fields.forEach(({ offset }, f) => rows.forEach((row, r) => ids[f * rows.length + r] = offset + row[f]));
  const labels = Float32Array.from(golden.batches.flatMap((batch) => batch.labels));
  const histories = historiesOf(schema, golden.batches);
  return new Dataset({ schema, rows: rows.length, ids, values: undefined, histories, labels, labeled: true });
}

/** Gives golden tensors Weft's names and layout: one table for all fields, dense weights as [in, out]. */
function toWeft(tensors: readonly GoldenTensor[], schema: FittedSchema): GoldenTensor[] {
  const result = new Map<string, GoldenTensor>();
  const owners = [...schema.fields, ...schema.sequences.filter(({ own }) => own)];
  for (const { name, shape, data } of tensors) {
    const [, kind, field] = /^(.+)\.f(\d+)$/.exec(name) ?? [];
    if (kind) {
      const table = TABLES[kind] ?? kind;
      const known = result.get(table) ?? { name: table, shape: [schema.rowCount, shape[1]], data: [] };
      if (known.data.length !== owners[Number(field)].offset * shape[1]) throw new Error(`${name} out of order`);
      known.data.push(...data);
      result.set(table, known);
    } else {
      const renamed = name.replace(/^lr\.bias$/, "linear.bias").replace("running_mean", "mean")
        .replace("running_var", "variance");
      const matrix = shape.length === 2 && renamed.endsWith(".weight");
      result.set(renamed, matrix ? transpose({ name: renamed, shape, data }) : { name: renamed, shape, data });
    }
  }
  return [...result.values()];
}

function fromGolden(base: Tensors, tensors: readonly GoldenTensor[], schema: FittedSchema): Tensors {
  const replaced: Tensors = { ...base };
  for (const { name, shape, data } of toWeft(tensors, schema)) {
    if (!base[name]) throw new Error(`the model has no tensor "${name}", only ${Object.keys(base)}`);
    replaced[name] = { shape, data: Float32Array.from(data) };
  }
  return replaced;
}

/** Turns a matrix. */
export function transpose({ name, shape: [rows, columns], data }: GoldenTensor): GoldenTensor {
  const turned = data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]);
  return { name, shape: [columns, rows], data: turned };
}

function numbers(tensor: CheckpointTensor): number[] {
  return Array.from(tensor.data as Float32Array);
}
