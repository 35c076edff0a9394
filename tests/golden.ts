/** Model cases computed by PyTorch and FuxiCTR: the same parameters, batches and steps through Weft. */
import type { CheckpointTensor } from "../src/checkpoint.ts";
import { Dataset } from "../src/data/dataset.ts";
import type { FittedSchema } from "../src/data/fitted_schema.ts";
import type { Definition } from "../src/definition.ts";
import { Model } from "../src/model.ts";
import { adam, type Optimizer, sgd } from "../src/optimizer.ts";
import { schemaOf } from "./datasets.ts";
import {
  columnOf,
  type Convert,
  type GoldenCase,
  type GoldenData,
  type GoldenSteps,
  type GoldenTensor,
  readGolden,
  wholeLoss,
} from "./golden_case.ts";
import { historiesOf, withSequences } from "./golden_histories.ts";
import { assertClose, gpu } from "./support.ts";

export type { Convert, GoldenTensor } from "./golden_case.ts";

type Tensors = Record<string, CheckpointTensor>;

/** Tables of Weft by what the cases call them. */
const TABLES: Readonly<Record<string, string>> = { emb: "embedding", lr: "linear", lw: "linear" };

/** Learning rate of the single step that a gradient is read from: so large that the parameter's own rounding vanishes. */
const PROBE_LR = 2 ** 14;

const TOLERANCE = { rtol: 2e-5, atol: 1e-9 };

/** Renames tensors: the first rule that matches a name replaces what it matches. */
export function rename(...rules: readonly (readonly [RegExp, string])[]): Convert {
  return (tensors) =>
    tensors.map((tensor) => {
      const rule = rules.find(([pattern]) => pattern.test(tensor.name));
      return rule ? { ...tensor, name: tensor.name.replace(...rule) } : tensor;
    });
}

/** Applies conversions one after the other. */
export function inTurn(...conversions: readonly Convert[]): Convert {
  return (tensors) => conversions.reduce((converted, convert) => convert(converted), tensors);
}

/** Checks logits, losses, gradients, running statistics and three steps of each optimizer. */
export async function checkGolden(name: string, definition: Definition, convert?: Convert): Promise<void> {
  const golden = readGolden(name, convert);
  const tasks = Array.from({ length: golden.config.tasks ?? 1 }, (_, t) => `task${t}`);
  const schema = withSequences(schemaOf(golden.config.vocab_sizes, undefined, tasks), golden.batches[0], {
    ...golden.config,
    combiner: "mean",
  });
  const all = datasetOf(golden, schema);
  const first = all.slice(0, golden.batches[0].labels.length);
  const start = async (): Promise<Model> => {
    const model = await Model.create(definition, schema, { device: await gpu() });
    model.setParameters(
      fromGolden(await model.parameters(), [...golden.params, ...(golden.buffers_init ?? [])]),
    );
    return model;
  };
  {
    await using model = await start();
    const predicted = Object.values(await model.predictTasks(first));
    const logits = predicted.map((column) => Array.from(column, (p) => Math.log(p / (1 - p))));
    const expected = golden.eval_logits ?? golden.forward.logits;
    logits.forEach((column, t) => assertClose(column, columnOf(expected, t), `${name} logits ${t}`, { rtol: 2e-5 }));
  }
  await checkGradients(name, golden, await start(), first);
  const rules: [keyof GoldenCase & ("sgd" | "adam" | "lazy_adam"), (lr: number) => Optimizer][] = [
    ["sgd", (lr) => sgd({ lr, embeddingUpdate: "dense" })],
    ["adam", (lr) => adam({ lr, embeddingUpdate: "dense" })],
    ["lazy_adam", (lr) => adam({ lr, embeddingUpdate: "lazy" })],
  ];
  for (const [key, optimizer] of rules) {
    const steps = golden[key];
    if (steps) await checkSteps(`${name} ${key}`, golden, steps, optimizer(steps.lr), await start(), all);
  }
}

async function checkGradients(
  name: string,
  golden: GoldenCase,
  model: Model,
  first: Dataset,
): Promise<void> {
  await using _ = model;
  const before = await model.parameters();
  const optimizer = sgd({ lr: PROBE_LR, embeddingUpdate: "dense" });
  const history = await model.fit(first, { ...options(golden, first.rows), optimizer });
  const penalty = golden.regularization?.value ?? 0;
  assertClose([history.epochs[0].loss + penalty], [wholeLoss(golden) + penalty], `${name} loss`, TOLERANCE);
  const after = await model.parameters();
  const gradients = withShapes(golden, golden.grads);
  const expected = fromGolden(before, gradients);
  for (const { name: tensor } of toWeft(gradients)) {
    const gradient = numbers(before[tensor]).map((w, i) => (w - Number(after[tensor].data[i])) / PROBE_LR);
    const { zero_gradient_params, weak_gradient_params = [] } = golden.conditioning;
    const zero = [...zero_gradient_params, ...weak_gradient_params].includes(tensor);
    // What is left of a gradient of zero is rounding, which depends on the order of a device's sums.
    const tolerance = zero ? { rtol: 0, atol: 5e-7 } : TOLERANCE;
    assertClose(gradient, numbers(expected[tensor]), `${name} gradient of ${tensor}`, tolerance);
  }
  const statistics = withShapes(golden, golden.buffers_after_forward);
  const buffers = fromGolden(after, statistics);
  for (const { name: tensor } of toWeft(statistics)) {
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
): Promise<void> {
  await using _ = model;
  const batch = golden.batches[0].labels.length;
  const history = await model.fit(all, { ...options(golden, batch), optimizer });
  if (!golden.regularization && !golden.counts) {
    const mean = steps.loss_before_each_step.reduce((sum, loss) => sum + loss, 0) / steps.loss_before_each_step.length;
    assertClose([history.epochs[0].loss], [mean], `${label} mean loss`, TOLERANCE);
  }
  const after = await model.parameters();
  const noisy = noiseOf(golden, optimizer);
  const tensors = withShapes(golden, { ...steps.params, ...steps.buffers });
  const expected = fromGolden(after, tensors);
  for (const { name: tensor } of toWeft(tensors)) {
    const places = noisy(tensor);
    if (places === "all") continue;
    const [actual, wanted] = [after, expected].map((all) => numbers(all[tensor]).filter((_, i) => !places.includes(i)));
    assertClose(actual, wanted, `${label} ${tensor}`, { rtol: 2e-5, atol: 1e-8 });
  }
}

/** Returns which numbers of a tensor an optimizer makes of the rounding of gradients that are zero. */
function noiseOf(golden: GoldenCase, { name }: Optimizer): (tensor: string) => "all" | readonly number[] {
  if (name !== "adam") return () => [];
  const { zero_gradient_params: zero, weak_gradient_params: weak = [], zero_elements } = golden.conditioning;
  const elements = new Map(toWeft(withShapes(golden, zero_elements)).map((tensor) => [tensor.name, tensor.data]));
  return (tensor) => {
    const isStatistic = weak.length > 0 && /\.(mean|variance)$/.test(tensor);
    const isZero = [...zero, ...weak].some((text) => text === tensor || tensor === text.replace(/bias$/, "bn.mean"));
    return isZero || isStatistic ? "all" : elements.get(tensor)?.flatMap((zero, i) => zero ? [i] : []) ?? [];
  };
}

function withShapes(golden: GoldenCase, data: GoldenData = {}): GoldenTensor[] {
  const known = [...golden.params, ...(golden.buffers_init ?? [])];
  return known.filter(({ name }) => data[name]).map(({ name, shape }) => ({ name, shape, data: data[name] }));
}

function options(golden: GoldenCase, batchSize: number) {
  const { embedding_l2: embedding = 0, net_l2: net = 0, l2: byCount } = golden.config;
  const counts = golden.counts?.flatMap(({ data }) => data);
  const l2 = { embedding, net, ...(counts && { byCount, counts }) };
  return { batchSize, shuffle: false, l2, initialBias: "keep" as const, unseenShare: 0 };
}

function datasetOf(golden: GoldenCase, schema: FittedSchema): Dataset {
  const rows = golden.batches.flatMap((batch) => batch.ids);
  const ids = new Uint32Array(rows.length * schema.fields.length);
  schema.fields.forEach(({ offset }, f) => rows.forEach((row, r) => ids[f * rows.length + r] = offset + row[f]));
  const all = golden.batches.flatMap((batch) => batch.labels);
  const labels = Float32Array.from(schema.tasks.flatMap((_, t) => columnOf(all, t)));
  const histories = historiesOf(schema, golden.batches);
  return new Dataset({ schema, rows: rows.length, ids, values: undefined, histories, labels, labeled: true });
}

/** Gives golden tensors Weft's names and layout: one table for the fields that it has, dense weights as [in, out]. */
function toWeft(tensors: readonly GoldenTensor[]): GoldenTensor[] {
  const result = new Map<string, GoldenTensor>();
  const lastFields = new Map<string, number>();
  for (const { name, shape, data } of tensors) {
    const [, kind, field] = /^(.+)\.f(\d+)$/.exec(name) ?? [];
    if (kind) {
      const table = TABLES[kind] ?? kind;
      const known = result.get(table) ?? { name: table, shape: [0, shape[1]], data: [] };
      if (Number(field) < (lastFields.get(table) ?? 0)) throw new Error(`${name} out of order`);
      lastFields.set(table, Number(field));
      known.shape[0] += shape[0];
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

function fromGolden(base: Tensors, tensors: readonly GoldenTensor[]): Tensors {
  const replaced: Tensors = { ...base };
  for (const { name, shape, data } of toWeft(tensors)) {
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

/** Turns stacks of matrices, [S, N, M] to [S, M, N], where the name matches. */
export function transposeEach(names: RegExp): Convert {
  return (tensors) =>
    tensors.map((tensor) => {
      if (!names.test(tensor.name)) return tensor;
      const { name, shape: [count, rows, columns], data } = tensor;
      const parts = Array.from({ length: count }, (_, i) => data.slice(i * rows * columns, (i + 1) * rows * columns));
      const turned = parts.flatMap((part) => transpose({ name, shape: [rows, columns], data: part }).data);
      return { name, shape: [count, columns, rows], data: turned };
    });
}

function numbers(tensor: CheckpointTensor): number[] {
  return Array.from(tensor.data as Float32Array);
}

/** Puts FuxiCTR's tables of a field, one for each partner, side by side in one; the first of them has number `first`. */
export function fromTablesOfPartners(table: string, first = 0): Convert {
  return (tensors) => {
    const isPart = ({ name }: GoldenTensor): boolean => name.startsWith(`${table}.t`);
    const named = (t: number, field: string) => tensors.find(({ name }) => name === `${table}.t${t}.${field}`);
    const wide = tensors.filter(({ name }) => name.startsWith(`${table}.t${first}.`)).map(({ name, shape }) => {
      const field = name.slice(name.lastIndexOf(".") + 1);
      const parts: GoldenTensor[] = [];
      for (let part = named(first, field); part; part = named(first + parts.length, field)) parts.push(part);
      const [rows, width] = shape;
      const data = Array.from(
        { length: rows * parts.length * width },
        (_, i) =>
          parts[Math.floor(i / width) % parts.length].data[Math.floor(i / (parts.length * width)) * width + i % width],
      );
      return { name: `${table}.${field}`, shape: [rows, parts.length * width], data };
    });
    return [...tensors.filter((tensor) => !isPart(tensor)), ...wide];
  };
}
