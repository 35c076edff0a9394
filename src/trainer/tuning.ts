/**
 * Tuning the kernels of a training step, which leaves the model as it was.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Gpu } from "../gpu/device.ts";
import type { StepScalars } from "../graph/plan.ts";
import { loadTuning, saveTuning } from "../host/mod.ts";
import { type TunedProblem, tuneKernels, type TuningTask } from "../kernels/tuner.ts";
import type { Access } from "../model/access.ts";
import type { Store } from "../store.ts";
import type { FitOptions } from "./options.ts";

/** Options of {@linkcode Model.tuneKernels}: what decides the step, as for {@linkcode Model.fit}, and the file. */
export interface TuningOptions extends
  Pick<
    FitOptions,
    | "batchSize"
    | "optimizer"
    | "l2"
    | "l1"
    | "clipNorm"
    | "clipValue"
    | "fieldDropout"
    | "unseenShare"
    | "seed"
    | "memoryBudget"
    | "sort"
    | "signal"
    | "onTuning"
  > {
  /**
   * File to add the winners to. In a page they are in memory, as long as the device.
   *
   * @default `weft/tuning.json` in the user's folder for caches
   */
  path?: string;
}

/** A training step whose kernels are tuned. */
export interface TunedStep extends Omit<TuningTask, "run"> {
  /** Scalars of the step that runs. */
  readonly step: StepScalars;
  /** The file of measured kernels; the default one when absent. */
  readonly path: string | undefined;
}

/**
 * Tunes the kernels of a training step and keeps the winners in the file. Steps change parameters and the optimizer's
 * state; these are kept on the host, and are as before in the end. Nobody reads them meanwhile.
 *
 * @throws {GpuError} when the device has no timestamp queries, or too little memory
 * @throws {SyntaxError} when the file is damaged
 * @throws {Error} when the file cannot be written, or the model was disposed
 */
export async function tuneStep(
  { gpu, store, access }: { readonly gpu: Gpu; readonly store: Store; readonly access: Access },
  { step, path, ...task }: TunedStep,
): Promise<TunedProblem[]> {
  await loadTuning(gpu, path);
  const tuned = await access.alone(async () => {
    let before: Record<string, CheckpointTensor> | undefined;
    try {
      return await tuneKernels(gpu, {
        ...task,
        run: async (plan, profiler) => {
          if (!before) {
            // A file that cannot be written is to be told of before minutes of measuring.
            await saveTuning(gpu, path);
            before = { ...await store.download(), ...await store.optimizer.download() };
          }
          await access.write(() => plan.run([step], profiler));
        },
      });
    } finally {
      if (before) {
        store.upload(before);
        store.optimizer.upload(before);
      }
    }
  });
  if (tuned.length > 0) await saveTuning(gpu, path);
  return tuned;
}
