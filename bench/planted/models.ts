/**
 * Models that are trained on planted logs, and their recipe.
 *
 * @module
 */
import {
  adam,
  auc,
  bst,
  cosine,
  deepfm,
  type Definition,
  dien,
  din,
  dmf,
  dmin,
  dmr,
  dnn,
  dsin,
  eta,
  hstu,
  longer,
  mirrn,
  Model,
  onetrans,
  qin,
  sdim,
  sim,
  transact,
  twin,
  warmup,
} from "../../mod.ts";
import { normal } from "../../src/initializer.ts";
import type { PlantedLog } from "./logs.ts";

const small = { dim: 8, hidden: [64] };
const scored = { ...small, attention: [32] };
/** Half of a history at most is looked at closely, or is found by a search. */
const search = { ...small, units: 32, window: 5, top: 5 };

/** Names of the models that read the mean of a history, which the others read item by item. */
export const POOLED: readonly string[] = ["mean_dnn", "mean_deepfm"];

/** Models by name. */
export const MODELS: Readonly<Record<string, Definition>> = {
  mean_dnn: dnn(small),
  mean_deepfm: deepfm(small),
  din: din({ ...scored, activation: "relu", attentionActivation: "relu" }),
  dien: dien(small),
  bst: bst({ ...small, pooling: "target" }),
  transact: transact({ ...small, crossLayers: 1 }),
  hstu: hstu(small),
  dmin: dmin(scored),
  dmr: dmr(scored),
  qin: qin({ dim: 8, layers: 2 }),
  onetrans: onetrans({ dim: 8, tokens: 4, width: 32, layers: 2 }),
  sim: sim(search),
  sim_hard: sim({ ...search, search: "hard", sequence: "categories" }),
  sdim: sdim({ ...small, units: 32, window: search.window }),
  eta: eta(search),
  twin: twin(search),
  mirrn: mirrn(search),
  longer: longer({ ...small, width: 16, merge: 2 }),
  dsin: dsin({ ...scored, size: 5 }),
  dsin_short: dsin({ ...scored, size: 2 }),
  dmf: dmf({ ...small, units: 32 }),
};

/** Recipe of a training. */
export interface TrainOptions {
  /** Rows at the beginning of the log that are kept for the test. */
  readonly testRows: number;
  /** Passes over the other rows. */
  readonly epochs: number;
  /** Seed of the model. */
  readonly seed: number;
}

const BATCH = 256;
const LR = 3e-3;
/** Deviation of the first embeddings: products of two of them are too small to learn from where they begin at 1e-4. */
const EMBEDDINGS = 0.2;

/** Trains a model on a log and returns its AUC on the test rows after the last epoch. */
export async function trainPlanted(name: string, log: PlantedLog, options: TrainOptions): Promise<number> {
  const { testRows, epochs, seed } = options;
  const all = POOLED.includes(name) ? log.pooled : log.data;
  const [test, data] = [all.slice(0, testRows), all.slice(testRows, all.rows)];
  const steps = epochs * Math.ceil(data.rows / BATCH);
  const rising = Math.ceil(steps / 20);
  const schedule = warmup(rising, cosine({ lr: LR, steps: steps - rising }));
  await using model = await Model.create(MODELS[name], data.schema, {
    seed,
    embeddingInitializer: normal(EMBEDDINGS),
  });
  const recipe = { batchSize: BATCH, optimizer: adam(), schedule, initialBias: "log-odds", unseenShare: 0 } as const;
  await model.fit(data, { epochs, ...recipe });
  return auc(await model.predict(test), test.labels);
}
