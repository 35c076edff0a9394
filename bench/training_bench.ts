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
import { Model } from "../src/model.ts";
import { adam, type EmbeddingUpdate, type Optimizer } from "../src/optimizer.ts";
import { type BenchRow, formatMs, type Timing, timingOf } from "./report.ts";

/** Sizes of the training benches. */
export interface TrainingBenchOptions {
  /** Seconds of measurement per line. @default {6} */
  readonly seconds?: number;
  /** Whether shapes are tiny, to see that everything runs. @default {false} */
  readonly quick?: boolean;
}

/** A timed training. */
export interface StepTiming extends Timing {
  /** Mean loss of the first epoch. */
  readonly firstLoss: number;
  /** Mean loss of the last epoch. */
  readonly lastLoss: number;
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

const HIDDEN = [400, 400, 400];
const QUICK_HIDDEN = [32, 32];
const DIM = 16;

/** Trains for some seconds and returns the time of a step by epoch; compilation is left out. */
export async function timeSteps(
  model: Model,
  data: Dataset,
  { batch, optimizer, seconds }: { batch: number; optimizer: Optimizer; seconds: number },
): Promise<StepTiming> {
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
  return { ...timingOf(long.times), firstLoss: short.losses[0], lastLoss: long.losses.at(-1)! };
}

function repeat(data: Dataset, copies: number): Dataset {
  return copies === 1 ? data : data.select(Uint32Array.from({ length: copies * data.rows }, (_, i) => i % data.rows));
}

/** Counts the operations of a perceptron's training step: forward, gradient by the input and by the weights. */
export function perceptronFlops(batch: number, widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, width, i) => sum + 6 * batch * widths[i] * width, 0);
}

interface StepCase {
  readonly definition: Definition;
  readonly update: EmbeddingUpdate;
  readonly data: Dataset;
  readonly batch: number;
}

async function measure(gpu: Gpu, { definition, update, data, batch }: StepCase, seconds: number): Promise<BenchRow> {
  await using model = await Model.create(definition, data.schema, { seed: 1, device: gpu });
  const optimizer = adam({ embeddingUpdate: update });
  const { ms, spread, firstLoss, lastLoss } = await timeSteps(model, data, { batch, optimizer, seconds });
  if (!(lastLoss < firstLoss)) {
    throw new RangeError(`Cannot time ${definition.name}: the loss must fall from ${firstLoss}, received ${lastLoss}`);
  }
  const { fields, rowCount } = data.schema;
  const hidden = definition.options.hidden as readonly number[] | undefined;
  const flops = hidden && perceptronFlops(batch, [fields.length * DIM, ...hidden, 1]);
  return {
    name: `train ${definition.name}, ${update} Adam`,
    shape: `${batch} x ${fields.length}, ${rowCount.toExponential(0).replace("+", "")} rows`,
    ms,
    spread,
    gflops: flops && flops / ms / 1e6,
    note: `loss ${firstLoss.toFixed(3)} to ${lastLoss.toFixed(3)}`,
  };
}

/** Times the three models with lazy and dense Adam beside PyTorch's figures, then DeepFM over table sizes. */
export async function trainingBench(gpu: Gpu, options: TrainingBenchOptions = {}): Promise<BenchRow[]> {
  const { quick = false, seconds = quick ? 0 : 6 } = options;
  const [fields, batch, batches] = quick ? [5, 256, 4] : [39, 4096, 8];
  const dataOf = (totalRows: number): Dataset => zipfDataset({ rows: batches * batch, fields, totalRows, seed: 1 });
  const data = dataOf(quick ? 10_000 : 1_000_000);
  const rows: BenchRow[] = [];
  const deep = deepfm({ dim: DIM, hidden: quick ? QUICK_HIDDEN : HIDDEN });
  for (const definition of [lr(), fm({ dim: DIM }), deep]) {
    for (const update of ["lazy", "dense"] as const) {
      const row = await measure(gpu, { definition, update, data, batch }, seconds);
      const torch = PYTORCH[definition.name][update];
      const ratio = `${(torch / row.ms).toFixed(2)}x as fast as PyTorch 1.13 on two cores of another run (${torch} ms)`;
      rows.push(quick ? row : { ...row, note: `${ratio}, ${row.note}` });
    }
  }
  const growth: BenchRow[] = [];
  for (const size of quick ? [1e3, 1e4] : [1e4, 1e5, 1e6, 4e6]) {
    growth.push(await measure(gpu, { definition: deep, update: "lazy", data: dataOf(size), batch }, seconds));
  }
  return [...rows, ...withGrowth(growth)];
}

function withGrowth(rows: readonly BenchRow[]): BenchRow[] {
  const least = Math.min(...rows.map((row) => row.ms));
  return rows.map((row) => {
    const growth = row.ms / least;
    const verdict = growth <= GROWTH_LIMIT ? "within" : "PAST";
    return { ...row, note: `${growth.toFixed(2)}x the least (${formatMs(least)} ms), ${verdict} ${GROWTH_LIMIT}x` };
  });
}

if (import.meta.main) {
  const { requestAdapter } = await import("../src/adapter.ts");
  const { Gpu } = await import("../src/gpu/device.ts");
  const { formatRows } = await import("./report.ts");
  using gpu = await Gpu.request((await requestAdapter({ announce: console.error })).adapter);
  console.log(formatRows(await trainingBench(gpu, { quick: Deno.args.includes("--quick") })));
}
