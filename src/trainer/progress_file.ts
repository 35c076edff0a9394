/**
 * Where a training stands, written to a checkpoint and read from one.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import type { WeightAverage } from "./averaging.ts";
import type { BestEpoch } from "./best_epoch.ts";
import type { Resumption, TrainerContext } from "./context.ts";
import type { TrainingState } from "./state.ts";

/** What of a training goes into a checkpoint besides the parameters. */
export interface TrainingParts {
  readonly context: TrainerContext;
  /** Where training stands. */
  readonly state: TrainingState;
  /** The best parameters. */
  readonly best: BestEpoch;
  /** The average of the weights. */
  readonly average: WeightAverage | undefined;
}

/** Writes a checkpoint; all steps were submitted. */
export async function saveTraining(path: string, { context, state, best, average }: TrainingParts): Promise<void> {
  const optimizerState = await context.store.optimizer.download();
  const averages = await average?.toCheckpoint();
  const { plateau, tensors } = best.toCheckpoint();
  const training = { ...state, plateau } as unknown as Json;
  await context.save(path, training, { ...optimizerState, ...tensors, ...averages });
}

/** Takes up what a checkpoint holds, but for its recipe and kernels. */
export function restoreTraining({ training, tensors }: Resumption, parts: TrainingParts): void {
  const { context: { store }, state, best, average } = parts;
  const saved = training as unknown as TrainingState;
  const { recipe, kernels } = state;
  Object.assign(state, { ...saved, recipe, kernels });
  // By way of the weights, so before them.
  average?.restore(tensors);
  store.upload(tensors);
  store.optimizer.upload(tensors);
  best.restore(saved.plateau, tensors);
}
