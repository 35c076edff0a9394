/**
 * The model of a training: a new one, or an earlier one that training goes on from.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import { normal } from "../initializer.ts";
import { Model } from "../model.ts";
import { initializeFromFm } from "../transfer.ts";
import { describeData } from "./data.ts";
import { formatTasks } from "./report.ts";
import type { Run } from "./run.ts";
import type { Streams } from "./streams.ts";

/** Creates the model, or loads the one that training goes on from. */
export async function openModel(run: Run, gpu: Gpu, streams: Streams): Promise<Model> {
  const { definition, training, from, fromFm, seed, embeddingStd, pretrained } = run;
  if (from !== undefined) return await openEarlier(run, from, gpu, streams);
  const embeddingInitializer = embeddingStd === undefined ? undefined : normal(embeddingStd);
  const model = await Model.create(definition, training.schema, {
    ...{ seed, device: gpu, embeddingInitializer, pretrained },
  });
  if (fromFm !== undefined) await startFromFm(fromFm, model, gpu);
  return model;
}

/** Loads the model that training goes on from, and gives new values their rows. */
async function openEarlier(run: Run, from: string, gpu: Gpu, streams: Streams): Promise<Model> {
  const { training, seed, embeddingStd, growth, first, fit: { optimizerState, resume } } = run;
  const model = await Model.load(from, models, {
    seed,
    device: gpu,
    optimizerState: resume ? "fresh" : optimizerState,
  });
  try {
    if (first && !resume) await reportFirst(run, model, first.old, "before training on them", streams);
    if (!growth) return model;
    const embeddingInitializer = embeddingStd === undefined ? undefined : normal(embeddingStd);
    const { content: fields, ...rest } = growth;
    const content = fields && { data: run.first?.own ?? training, fields };
    const grown = await model.extend(training.schema, { ...rest, content, embeddingInitializer });
    await model[Symbol.asyncDispose]();
    return grown;
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

/** Reports what a model says of the rows to train on. */
export async function reportFirst(
  { fit }: Run,
  model: Model,
  data: Dataset,
  when: string,
  streams: Streams,
): Promise<void> {
  const predicted = await model.predictTasks(data, { batchSize: fit.batchSize });
  streams.out(`${describeData(`training rows ${when}`, data)}\n`);
  streams.out(`${formatTasks(predicted, data)}\n`);
}

async function startFromFm(path: string, model: Model, gpu: Gpu): Promise<void> {
  await using source = await Model.load(path, models, { device: gpu });
  await initializeFromFm(model, source);
}
