/** Training steps as a GPU would run them, described without running any. */
import { models } from "../models/mod.ts";
import type { Definition } from "../src/definition.ts";
import { Feed } from "../src/feed.ts";
import type { Gpu } from "../src/gpu/device.ts";
import { createBuffer } from "../src/gpu/memory.ts";
import { Declarations } from "../src/graph/parameter.ts";
import type { PlanDescription } from "../src/graph/plan.ts";
import { adam } from "../src/optimizer.ts";
import { Store } from "../src/store.ts";
import { feedSizes, traceModel } from "../src/trace.ts";
import { compileTraining } from "../src/trainer/step.ts";
import { paperGpu } from "./paper_device.ts";

/** Sizes of a training step. */
export interface StepSizes {
  /** Categorical fields. */
  readonly fields: number;
  /** Rows of a batch. */
  readonly batch: number;
  /** Rows of each field. */
  readonly fieldRows: number;
  /** Names of the tasks. @default {["label"]} */
  readonly tasks?: readonly string[];
}

/** Criteo's shape, with an average vocabulary of a million rows in all. */
export const CRITEO: StepSizes = { fields: 39, batch: 4096, fieldRows: 25_000 };

/** Options of models that are described with others than the width of embeddings and three layers of 400. */
const OPTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  // Logistic regression has no embeddings.
  lr: {},
  pepnet: { dim: 16, hidden: [400, 400, 400], domain: ["C1"], prior: ["C2", "C3"] },
  m2m: { dim: 16, hidden: [400, 400, 400], domain: ["C1"] },
};

/** Models of several tasks, which are described with two. */
const SEVERAL: readonly string[] = ["shared_bottom", "mmoe", "ple", "esmm", "aitm", "pepnet", "m2m"];

/** Describes the step of a model of width 16, its deep network having three layers of 400 where it has one. */
export function describeModel(slug: string, gpu: Gpu = paperGpu()): Promise<PlanDescription> {
  const definition = models[slug](OPTIONS[slug] ?? { dim: 16, hidden: [400, 400, 400] });
  return describeStep(definition, SEVERAL.includes(slug) ? { ...CRITEO, tasks: ["click", "buy"] } : CRITEO, gpu);
}

/** Describes the training step of a model, with Adam in lazy mode, on a GPU. */
export async function describeStep(
  definition: Definition,
  { fields: count, batch, fieldRows, tasks = ["label"] }: StepSizes,
  gpu: Gpu = paperGpu(),
): Promise<PlanDescription> {
  const fields = Array.from({ length: count }, (_, f) => ({
    name: `C${f + 1}`,
    rows: fieldRows,
    offset: f * fieldRows,
  }));
  // Two sequences of fifty values beside each other, which models without histories do not read.
  const sequences = fields.slice(0, 2).map((field, target) => ({ ...field, target, feature: {} }));
  const histories = [{ name: "history", sequences, maxLength: 50, weighted: false }];
  const space = { fields, rowCount: count * fieldRows, hasValues: false, histories, tasks };
  const declarations = new Declarations();
  traceModel(definition, "train", declarations, space, 1);
  const store = new Store(gpu, declarations);
  const optimizer = adam();
  await store.optimizer.prepare(optimizer);
  const plan = await compileTraining(gpu, {
    definition,
    declarations,
    space,
    store,
    feed: new Feed(gpu, { ...feedSizes(space), batch, rows: 8 * batch, budget: 2 ** 30 }),
    batch,
    optimizer,
    l2: {},
    clipNorm: undefined,
    losses: { buffer: createBuffer(gpu, "losses", 4096) },
    pairs: undefined,
    unseen: undefined,
  });
  return plan.describe();
}
