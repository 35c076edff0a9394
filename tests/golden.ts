/** Model cases computed by PyTorch and FuxiCTR: the same parameters, batches and steps through Weft. */
import type { CheckpointTensor } from "../src/checkpoint.ts";
import { Dataset } from "../src/data/dataset.ts";
import type { FittedSchema } from "../src/data/fitted_schema.ts";
import type { Definition } from "../src/definition.ts";
import { Model } from "../src/model.ts";
import { adam, type Optimizer, sgd } from "../src/optimizer.ts";
import { schemaOf } from "./datasets.ts";
import { FUXICTR_LAYOUTS } from "../src/interchange/state_dict/layouts.ts";
import { type Layout, type Shapes, toWeft } from "../src/interchange/state_dict/layout.ts";
import type { NamedTensor } from "../src/interchange/state_dict/tensor.ts";
import { Declarations } from "../src/graph/parameter.ts";
import { spaceOf, traceModel } from "../src/trace.ts";
import { columnOf, type GoldenCase, type GoldenData, type GoldenSteps, readGolden, wholeLoss } from "./golden_case.ts";
import { historiesOf, withSequences } from "./golden_histories.ts";
import { scoreOnProcessor } from "./processor/agreement.ts";
import { logitsOf } from "./logits.ts";
import { assertClose, gpu } from "./support.ts";

type Tensors = Record<string, CheckpointTensor>;

/** Learning rate of the single step that a gradient is read from: so large that the parameter's own rounding vanishes. */
const PROBE_LR = 2 ** 14;

const TOLERANCE = { rtol: 2e-5, atol: 1e-9 };

/** Checks logits, losses, gradients, running statistics and three steps of each optimizer. */
export async function checkGolden(name: string, definition: Definition, layout = layoutOf(definition)): Promise<void> {
  const schema = schemaOfCase(readGolden(name));
  const golden = readGolden(name, layout(shapesOf(definition, schema)));
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
    const logits = await logitsOf(model, first);
    const expected = golden.eval_logits ?? golden.forward.logits;
    logits.forEach((column, t) => assertClose(column, columnOf(expected, t), `${name} logits ${t}`, { rtol: 2e-5 }));
    const own = scoreOnProcessor(definition, first, await model.parameters());
    if (own) assertClose(own.logits, expected.flat(), `${name} logits on the processor`, { rtol: 2e-5 });
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

/** Returns the layout of FuxiCTR's model of the same name, where there is one: most cases are of its classes. */
function layoutOf({ name }: Definition): Layout {
  return FUXICTR_LAYOUTS[name] ?? (() => (tensors) => tensors);
}

/** Makes the schema of a case. */
function schemaOfCase({ config, batches }: GoldenCase): FittedSchema {
  const tasks = Array.from({ length: config.tasks ?? 1 }, (_, t) => `task${t}`);
  const fields = schemaOf(config.vocab_sizes, undefined, tasks);
  return withSequences(fields, batches[0], { ...config, combiner: "mean" });
}

/** Returns the shapes of a model's tensors. */
function shapesOf(definition: Definition, schema: FittedSchema): Shapes {
  const declarations = new Declarations();
  traceModel(definition, "train", declarations, spaceOf(schema), 1);
  return Object.fromEntries(declarations.parameters);
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
  const elements = new Map(
    toWeft(withShapes(golden, zero_elements)).map((tensor) => [tensor.name, tensor.data]),
  );
  return (tensor) => {
    const isStatistic = weak.length > 0 && /\.(mean|variance)$/.test(tensor);
    const isZero = [...zero, ...weak].some((text) => text === tensor || tensor === text.replace(/bias$/, "bn.mean"));
    return isZero || isStatistic ? "all" : Array.from(elements.get(tensor) ?? []).flatMap((zero, i) => zero ? [i] : []);
  };
}

function withShapes(golden: GoldenCase, data: GoldenData = {}): NamedTensor[] {
  const known = [...golden.params, ...(golden.buffers_init ?? [])];
  return known.filter(({ name }) => data[name]).map(({ name, shape }) => ({ name, shape, data: data[name] }));
}

function options(golden: GoldenCase, batchSize: number) {
  const { embedding_l2: embedding = 0, net_l2: net = 0, l2: byCount } = golden.config;
  const counts = golden.counts?.flatMap(({ data }) => Array.from(data));
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

function fromGolden(base: Tensors, tensors: readonly NamedTensor[]): Tensors {
  const replaced: Tensors = { ...base };
  for (const { name, shape, data } of toWeft(tensors)) {
    if (!base[name]) throw new Error(`the model has no tensor "${name}", only ${Object.keys(base)}`);
    replaced[name] = { shape, data: Float32Array.from(data) };
  }
  return replaced;
}

function numbers(tensor: CheckpointTensor): number[] {
  return Array.from(tensor.data as Float32Array);
}
