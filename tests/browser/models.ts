/** One training step and a prediction of every model by the engine alone, without any API of the host runtime. */
import { models } from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { Declarations } from "../../src/graph/parameter.ts";
import { Access } from "../../src/model/access.ts";
import { sgd } from "../../src/optimizer.ts";
import { Predictor } from "../../src/predictor.ts";
import { Store } from "../../src/store.ts";
import { traceModel } from "../../src/trace.ts";
import { Trainer } from "../../src/trainer.ts";

const FIELDS = ["f0", "f1", "f2", "f3"];
const IDS = 6;
const BATCH = 16;
const ROWS = 27; // the last batch is a partial one
const SIZES = { dim: 4, hidden: [8, 6] };
const REGULARIZED = { ...SIZES, batchNorm: true, dropout: 0.2 };

/** Trains each model and returns its probabilities after that, or the message of what went wrong, by slug. */
export async function trainModels(gpu: Gpu): Promise<Record<string, number[] | string>> {
  // All at once, since a browser compiles on several threads.
  const results = Object.keys(models).map(async (slug) => [
    slug,
    await trainModel(gpu, slug).catch((error: Error) => error.message),
  ]);
  return Object.fromEntries(await Promise.all(results));
}

async function trainModel(gpu: Gpu, slug: string): Promise<number[]> {
  // One model alone has batch norm and dropout: a software browser takes a second for each variant of some kernels.
  const definition = models[slug](slug === "deepfm" ? REGULARIZED : SIZES);
  const data = datasetOf();
  const fields = FIELDS.map((name, f) => ({ name, offset: f * IDS, rows: IDS }));
  const space = { fields, rowCount: FIELDS.length * IDS, hasValues: false };
  const declarations = new Declarations();
  traceModel(definition, "train", declarations, space, 1);
  const store = new Store(gpu, declarations);
  await fill(store);
  const context = {
    gpu,
    definition,
    declarations,
    space,
    store,
    seed: 1,
    access: new Access(),
    evaluate: refuse,
    save: refuse,
  };
  await new Trainer(context, data, { batchSize: BATCH, shuffle: false, optimizer: sgd({ lr: 0.1 }) }).run();
  const predictor = await Predictor.create(gpu, { definition, declarations, space, store, batch: BATCH, budget: 2e6 });
  const probabilities = await predictor.predict(data);
  predictor.destroy();
  store.destroy();
  gpu.check();
  return [...probabilities];
}

function refuse(): never {
  throw new Error("the training asks for neither metrics nor checkpoints");
}

/** Numbers of one period, without an order that ids, rows or columns have too. */
function wave(i: number): number {
  return Math.sin(2.3 * i * i + 0.7);
}

/** Sets all parameters to numbers so large that probabilities differ, and leaves running statistics as they are. */
async function fill(store: Store): Promise<void> {
  store.initialize(1);
  const tensors = await store.download();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (/\.(mean|variance)$/.test(name)) continue;
    const inner = tensor.shape.length > 1 && name !== "embedding" ? Number(tensor.shape[0]) : 1;
    tensor.data = Float32Array.from(tensor.data as Float32Array, (_, i) => wave(i + 1) / Math.sqrt(inner));
  }
  store.upload(tensors);
}

function datasetOf(): Dataset {
  const ids = Uint32Array.from({ length: FIELDS.length * ROWS }, (_, o) => {
    return Math.floor(o / ROWS) * IDS + Math.floor((1 + wave(o)) / 2 * IDS);
  });
  const labels = Float32Array.from({ length: ROWS }, (_, b) => Number(wave(3 * b) > 0));
  // The class itself can read files, so a page does without it.
  return { rows: ROWS, ids, values: undefined, labels, labelled: true } as Dataset;
}
