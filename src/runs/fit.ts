/**
 * Training a model in the folder of a run.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { exists } from "../host/mod.ts";
import type { Model } from "../model.ts";
import type { FitOptions, History, RunOptions } from "../trainer/options.ts";
import { RUN_FILES } from "./info.ts";
import { RunRecorder } from "./recorder.ts";

/**
 * Trains a model, with a record, checkpoints and the trained model in a folder.
 *
 * @throws {Error} as {@linkcode RunRecorder.start} does, and what training throws, which the record then names
 */
export async function fitInFolder(
  model: Model,
  data: Dataset,
  { run: _, ...options }: FitOptions,
  { folder, test, tensorboard, continue: isContinued = false }: RunOptions,
): Promise<History> {
  const fit = { ...options, ...await placesIn(folder, options, isContinued) };
  await using recorder = await RunRecorder.start({
    folder,
    isContinued,
    tensorboard,
    model,
    training: data,
    test,
    fit,
  });
  try {
    const history = await model.fit(data, recorder.follow(fit));
    if (history.ended === "interrupted") {
      await recorder.interrupt();
      return history;
    }
    await model.save(`${folder}/${RUN_FILES.model}`);
    await recorder.finish(history, test && await model.evaluate(test));
    return history;
  } catch (error) {
    await recorder.fail(error);
    throw error;
  }
}

/** Returns where the checkpoints of a run are, and the one that it goes on from, where it is there. */
export async function placesIn(
  folder: string,
  { checkpoint, resume }: Pick<FitOptions, "checkpoint" | "resume">,
  isContinued: boolean,
): Promise<Required<Pick<FitOptions, "checkpoint">> & Pick<FitOptions, "resume">> {
  const path = checkpoint?.path ?? `${folder}/${RUN_FILES.checkpoint}`;
  const isThere = isContinued && await exists(path);
  return { checkpoint: { ...checkpoint, path }, resume: isThere ? path : resume };
}
