/**
 * What a training step is compiled from, out of a training's options.
 *
 * @module
 */
import type { TrainingBuffers } from "./buffers.ts";
import type { TrainerContext } from "./context.ts";
import type { FitOptions } from "./options.ts";
import type { Settings } from "./settings.ts";
import { tablesWithStrengths } from "./row_strength.ts";
import type { TrainingOptions } from "./step.ts";

/** Puts together what the step is compiled from, but for the variants of its kernels. */
export function trainingOptions(
  context: TrainerContext,
  { l2, l1, clipNorm, clipValue, fieldDropout, loss }: FitOptions,
  { batch, rules }: Settings,
  { feed, losses, taskWeights, sorter, unseen }: TrainingBuffers,
): TrainingOptions {
  return {
    ...context,
    feed,
    batch,
    optimizer: rules,
    l2: l2 ?? {},
    withStrengths: tablesWithStrengths({ ...context, l2, frozen: context.store.frozen }),
    clipNorm,
    l1,
    clipValue,
    fieldDropout,
    losses: losses.range,
    taskWeights,
    loss,
    pairs: sorter?.range,
    unseen,
  };
}
