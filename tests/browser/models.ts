/** What a page does, by the public API alone: all models trained on given numbers, and a walk from rows to predictions. */
import {
  adam,
  categorical,
  Dataset,
  deepfm,
  FittedSchema,
  type Gpu,
  Model,
  models,
  numeric,
  readCsvSplit,
  sequence,
  sgd,
} from "../../mod.ts";

const FIELDS = ["f0", "f1", "f2", "f3"];
const IDS = 6;
const BATCH = 16;
const LENGTH = 3; // every other row has as many values before it
const ROWS = 27; // the last batch is a partial one
// DCNv3's orders double with each layer: four of them overflow at the numbers that parameters get here.
const SIZES = { dim: 4, hidden: [8, 6], deepLayers: 2 };
const REGULARIZED = { ...SIZES, batchNorm: true, dropout: 0.2 };

/** Trains each model and returns its probabilities after that, or the message of what went wrong, by slug. */
export async function trainModels(device: Gpu): Promise<Record<string, number[] | string>> {
  // All at once, since a browser compiles on several threads.
  const results = Object.keys(models).map(async (slug) => [
    slug,
    await trainModel(device, slug).catch((error: Error) => error.message),
  ]);
  return Object.fromEntries(await Promise.all(results));
}

async function trainModel(device: Gpu, slug: string): Promise<number[]> {
  // One model alone has batch norm and dropout: a software browser takes a second for each variant of some kernels.
  const definition = models[slug](slug === "deepfm" ? REGULARIZED : SIZES);
  const data = datasetOf();
  await using model = await Model.create(definition, data.schema, { device });
  await fill(model);
  await model.fit(data, { batchSize: BATCH, shuffle: false, optimizer: sgd({ lr: 0.1 }), initialBias: "keep" });
  const probabilities = await model.predict(data, { batchSize: BATCH });
  device.check();
  return [...probabilities];
}

/** Numbers of one period, without an order that ids, rows or columns have too. */
function wave(i: number): number {
  return Math.sin(2.3 * i * i + 0.7);
}

/** Sets all parameters to numbers so large that probabilities differ, and leaves running statistics as they are. */
async function fill(model: Model): Promise<void> {
  const tensors = await model.parameters();
  for (const [name, tensor] of Object.entries(tensors)) {
    if (/\.(mean|variance)$/.test(name)) continue;
    const inner = tensor.shape.length > 1 && name !== "embedding" ? Number(tensor.shape[0]) : 1;
    tensor.data = Float32Array.from(tensor.data as Float32Array, (_, i) => wave(i + 1) / Math.sqrt(inner));
  }
  model.setParameters(tensors);
}

function datasetOf(): Dataset {
  const vocabulary = Array.from({ length: IDS - 1 }, (_, i) => String(i + 1));
  const fields = FIELDS.map((name) => ({ feature: categorical(name), missing: false, vocabulary }));
  const sequences = [{ feature: sequence("history", { of: FIELDS[0], maxLength: LENGTH }) }];
  const schema = new FittedSchema({ declared: { label: "label" }, missing: [""], fields, sequences });
  const ids = Uint32Array.from({ length: FIELDS.length * ROWS }, (_, o) => {
    return Math.floor(o / ROWS) * IDS + Math.floor((1 + wave(o)) / 2 * IDS);
  });
  const labels = Float32Array.from({ length: ROWS }, (_, b) => Number(wave(3 * b) > 0));
  const offsets = Uint32Array.from({ length: ROWS + 1 }, (_, row) => LENGTH * Math.floor(row / 2));
  const items = Uint32Array.from({ length: offsets[ROWS] }, (_, i) => Math.floor((1 + wave(i)) / 2 * IDS));
  const histories = [{ offsets, ids: items }];
  return new Dataset({ schema, rows: ROWS, ids, values: undefined, histories, labels, labeled: true });
}

/** What a walk comes to. */
export interface Walk {
  /** AUC on rows that were not trained on. */
  readonly auc: number;
  /** Probabilities of those rows. */
  readonly probabilities: readonly number[];
  /** What saving says. */
  readonly saving: string;
}

/** Reads rows of a file that a person chose, trains on the host's own device, evaluates and predicts. */
export async function walk(): Promise<Walk> {
  // Clicks that depend on user and item together, and on neither alone.
  const lines = Array.from({ length: 256 }, (_, row) => {
    const [user, item] = [row % 2, (row >> 1) % 2];
    return `${user ^ item},u${user},i${item},${row % 7}`;
  });
  const file = new File([["click,user,item,price", ...lines].join("\n")], "clicks.csv");
  const features = [categorical("user"), categorical("item"), numeric("price", { scale: "log" })];
  const [training, test] = await readCsvSplit(file, { label: "click", features }, [0.75, 0.25], { seed: 1 });
  await using model = await Model.create(deepfm({ dim: 4, hidden: [16] }), training.schema, { seed: 1 });
  await model.fit(training, {
    validation: test,
    epochs: 20,
    batchSize: 64,
    optimizer: adam({ lr: 0.02 }),
    earlyStopping: { monitor: "logloss" },
  });
  const { auc } = await model.evaluate(test);
  const saving = await model.save("/nowhere/clicks.weft").then(() => "saved", (error: Error) => error.message);
  return { auc, probabilities: [...await model.predict(test)], saving };
}

/** Tunes kernels on the host's own device and returns the passes that had run after a first and after a second training. */
export async function tune(): Promise<[number, number]> {
  const data = datasetOf();
  let passes = 0;
  const train = async (device?: Gpu): Promise<Gpu> => {
    // Not disposed of, for the first one's device is the second one's.
    const model = await Model.create(deepfm(SIZES), data.schema, { device });
    await model.fit(data, { batchSize: BATCH, tuneKernels: true, onTuning: () => passes++ });
    return model.gpu;
  };
  const gpu = await train();
  const first = passes;
  await train(gpu);
  return [first, passes];
}
