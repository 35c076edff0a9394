/**
 * Full training steps at Criteo's shape, through `Model.fit`: cutting the batch, sorting, forward, backward and updates.
 *
 * @module
 */
import { deepfm, fm, lr } from "../models/mod.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import type { Definition } from "../src/definition.ts";
import type { Gpu } from "../src/gpu/device.ts";
import type { PlanDescription } from "../src/graph/plan.ts";
import { Model } from "../src/model.ts";
import { adam, type EmbeddingUpdate, type Optimizer } from "../src/optimizer.ts";
import { type BenchRow, formatMs } from "./report.ts";
import { type Timing, timingOf } from "./timing.ts";
import { type ModelSizes, multiplyAddsOf, type TimedModel, timedModels } from "./training_models.ts";

/** Sizes of the training benches. */
export interface TrainingBenchOptions {
  /** Seconds of measurement per line. @default {6} */
  readonly seconds?: number;
  /** Whether shapes are tiny, to see that everything runs. @default {false} */
  readonly quick?: boolean;
  /** Slugs of the models to time; all when absent. */
  readonly models?: readonly string[];
}

/** A timed training. */
export interface StepTiming extends Timing {
  /** Mean loss of the first epoch. */
  readonly firstLoss: number;
  /** Mean loss of the last epoch. */
  readonly lastLoss: number;
  /** What a step runs and how much memory it takes. */
  readonly plan: PlanDescription;
}

/** Milliseconds of an epoch at least, so that the wait at its end does not matter. */
const EPOCH_MS = 400;

/** Copies of the data in one epoch at most. */
const MOST_COPIES = 64;

/** Epochs at the least, the one in which drivers compile left out. */
const FEWEST_EPOCHS = 3;

/** Step times of PyTorch 1.13 at this shape and batch, in ms, on two cores in another run. */
const PYTORCH: Readonly<Record<string, Readonly<Record<EmbeddingUpdate, number>>>> = {
  lr: { lazy: 16, dense: 12 },
  fm: { lazy: 58, dense: 110 },
  deepfm: { lazy: 158, dense: 193 },
};

/** Most that a lazy step may grow from the smallest table to the largest. */
const GROWTH_LIMIT = 1.5;

/** Most that a step's memory may be of the activations that must be kept. */
const MEMORY_LIMIT = 2;

const DIM = 16;
const BATCHES = 8;
const BATCHES_OF_SLOW_MODELS = 2;

/** Trains for some seconds and returns the time of a step by epoch; compilation is left out. */
export async function timeSteps(
  model: Model,
  data: Dataset,
  { batch, optimizer, seconds }: { batch: number; optimizer: Optimizer; seconds: number },
): Promise<StepTiming> {
  let plan: PlanDescription | undefined;
  const train = async (part: Dataset, ms: number): Promise<{ times: number[]; losses: number[] }> => {
    const enough = new AbortController();
    const [times, losses]: number[][] = [[], []];
    let end = Infinity;
    await model.fit(part, {
      epochs: 100_000,
      batchSize: batch,
      optimizer,
      shuffle: false,
      signal: enough.signal,
      onPlan: (description) => plan = description,
      onEpoch: ({ loss, seconds }) => {
        losses.push(loss);
        times.push(1000 * seconds / Math.ceil(part.rows / batch));
        if (losses.length === 1) end = performance.now() + ms;
        else if (losses.length > FEWEST_EPOCHS && performance.now() >= end) enough.abort();
      },
    });
    return { times: times.slice(1), losses };
  };
  const short = await train(data, 0);
  const epochMs = timingOf(short.times).ms * data.rows / batch;
  const copies = Math.min(MOST_COPIES, Math.ceil(EPOCH_MS / epochMs));
  const long = await train(repeat(data, copies), 1000 * seconds);
  return { ...timingOf(long.times), firstLoss: short.losses[0], lastLoss: long.losses.at(-1)!, plan: plan! };
}

function repeat(data: Dataset, copies: number): Dataset {
  return copies === 1 ? data : data.select(Uint32Array.from({ length: copies * data.rows }, (_, i) => i % data.rows));
}

function perceptronSize({ fields, dim, hidden }: ModelSizes): number {
  return multiplyAddsOf([fields * dim, ...hidden, 1]);
}

interface StepCase {
  /** Name of the row, where the model's slug is not enough. */
  readonly name?: string;
  readonly definition: Definition;
  readonly update: EmbeddingUpdate;
  readonly data: Dataset;
  readonly batch: number;
  readonly seconds: number;
  /** Multiply-adds of one row's forward pass. */
  readonly multiplyAdds?: number;
}

async function measure(gpu: Gpu, options: StepCase): Promise<{ row: BenchRow; plan: PlanDescription }> {
  const { definition, name = definition.name, update, data, batch, seconds, multiplyAdds } = options;
  await using model = await Model.create(definition, data.schema, { seed: 1, device: gpu });
  const optimizer = adam({ embeddingUpdate: update });
  const { ms, spread, firstLoss, lastLoss, plan } = await timeSteps(model, data, { batch, optimizer, seconds });
  if (!(lastLoss < firstLoss)) {
    throw new RangeError(`Cannot time ${name}: the loss must fall from ${firstLoss}, received ${lastLoss}`);
  }
  const { fields, rowCount } = data.schema;
  const row = {
    name: `train ${name}, ${update} Adam`,
    shape: `${batch} x ${fields.length}, ${rowCount.toExponential(0).replace("+", "")} rows`,
    ms,
    spread,
    gflops: multiplyAdds && 6 * batch * multiplyAdds / ms / 1e6,
    note: `loss ${firstLoss.toFixed(3)} to ${lastLoss.toFixed(3)}`,
  };
  return { row, plan };
}

interface Sizes extends ModelSizes {
  readonly batch: number;
  readonly rows: number;
  readonly quick: boolean;
  readonly seconds: number;
}

function sizesOf({ quick = false, seconds = quick ? 0 : 6 }: TrainingBenchOptions): Sizes {
  return quick
    ? { fields: 5, batch: 256, dim: DIM, hidden: [32, 32], rows: 10_000, quick, seconds }
    : { fields: 39, batch: 4096, dim: DIM, hidden: [400, 400, 400], rows: 1_000_000, quick, seconds };
}

function dataOf({ fields, batch }: Sizes, totalRows: number, batches: number): Dataset {
  return zipfDataset({ rows: batches * batch, fields, totalRows, seed: 1 });
}

/** Returns the slugs of all models that {@linkcode trainingBench} times. */
export function trainingModels(): string[] {
  return [...Object.keys(PYTORCH), ...Object.keys(timedModels(sizesOf({})))];
}

/**
 * Times training steps beside PyTorch's figures: the basic models with lazy and dense Adam, DeepFM over table sizes, and
 * interaction models with lazy Adam and their memory.
 */
export async function trainingBench(gpu: Gpu, options: TrainingBenchOptions = {}): Promise<BenchRow[]> {
  const sizes = sizesOf(options);
  const chosen = (slug: string): boolean => options.models?.includes(slug) ?? true;
  const rows = await basicRows(gpu, sizes, chosen);
  if (chosen("deepfm")) rows.push(...await growthRows(gpu, sizes));
  const data = dataOf(sizes, sizes.rows, BATCHES_OF_SLOW_MODELS);
  for (const [slug, model] of Object.entries(timedModels(sizes))) {
    if (chosen(slug)) rows.push(await interactionRow(gpu, sizes, slug, model, data));
  }
  return rows;
}

async function basicRows(gpu: Gpu, sizes: Sizes, chosen: (slug: string) => boolean): Promise<BenchRow[]> {
  const { batch, dim, quick, seconds } = sizes;
  const data = dataOf(sizes, sizes.rows, BATCHES);
  const rows: BenchRow[] = [];
  for (const definition of [lr(), fm({ dim }), deepfm({ dim, hidden: sizes.hidden })]) {
    if (!chosen(definition.name)) continue;
    const multiplyAdds = definition.name === "deepfm" ? perceptronSize(sizes) : undefined;
    for (const update of ["lazy", "dense"] as const) {
      const { row } = await measure(gpu, { definition, update, data, batch, seconds, multiplyAdds });
      rows.push(quick ? row : besidePyTorch(row, PYTORCH[definition.name][update]));
    }
  }
  return rows;
}

async function growthRows(gpu: Gpu, sizes: Sizes): Promise<BenchRow[]> {
  const { batch, dim, hidden, quick, seconds } = sizes;
  const definition = deepfm({ dim, hidden });
  const multiplyAdds = perceptronSize(sizes);
  const rows: BenchRow[] = [];
  for (const totalRows of quick ? [1e3, 1e4] : [1e4, 1e5, 1e6, 4e6]) {
    const data = dataOf(sizes, totalRows, BATCHES);
    rows.push((await measure(gpu, { definition, update: "lazy", data, batch, seconds, multiplyAdds })).row);
  }
  return withGrowth(rows);
}

async function interactionRow(
  gpu: Gpu,
  { batch, seconds, quick }: Sizes,
  name: string,
  { definition, multiplyAdds, torchMs, keptFloats }: TimedModel,
  data: Dataset,
): Promise<BenchRow> {
  const { row, plan } = await measure(gpu, { name, definition, update: "lazy", data, batch, seconds, multiplyAdds });
  if (quick) return row;
  return besidePyTorch({ ...row, note: `${describeMemory(plan, 4 * batch * keptFloats)}, ${row.note}` }, torchMs);
}

/** Sets the memory of a plan against the activations that must be kept. */
export function describeMemory({ peakBytes, arenaBytes, tensorBytes }: PlanDescription, keptBytes: number): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const ratio = peakBytes / keptBytes;
  const verdict = ratio <= MEMORY_LIMIT ? "within" : "PAST";
  return `peak ${megabytes(peakBytes)} (arena ${megabytes(arenaBytes)}, unshared ${megabytes(tensorBytes)}), ` +
    `${ratio.toFixed(2)}x the ${megabytes(keptBytes)} to keep, ${verdict} ${MEMORY_LIMIT}x`;
}

function besidePyTorch(row: BenchRow, torchMs: number): BenchRow {
  const ratio = `${(torchMs / row.ms).toFixed(2)}x as fast as PyTorch 1.13 on two cores of another run (${torchMs} ms)`;
  return { ...row, note: `${ratio}, ${row.note}` };
}

function withGrowth(rows: readonly BenchRow[]): BenchRow[] {
  const least = Math.min(...rows.map((row) => row.ms));
  return rows.map((row) => {
    const growth = row.ms / least;
    const verdict = growth <= GROWTH_LIMIT ? "within" : "PAST";
    return { ...row, note: `${growth.toFixed(2)}x the least (${formatMs(least)} ms), ${verdict} ${GROWTH_LIMIT}x` };
  });
}
