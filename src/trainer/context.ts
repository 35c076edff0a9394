/**
 * What training needs from a model, and from a checkpoint that it goes on from.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Evaluation } from "../metrics.ts";
import type { Access } from "../model/access.ts";
import type { ModelParts } from "../model/parts.ts";

/** What the loop needs from the model. */
export interface TrainerContext extends ModelParts {
  readonly gpu: Gpu;
  /** Seed of shuffling and dropout where the options have none. */
  readonly seed: number;
  /** Keeps the steps apart from calls that read the parameters. */
  readonly access: Access;
  /** Whether the parameters still have the first values that the model function declares. */
  readonly fresh?: boolean;
  /** Digest of the rows, where training is to be resumed. */
  readonly rowsDigest?: string;
  /** Digest of given occurrences by row, where training is to be resumed. */
  readonly countsDigest?: string;
  /** Computes the metrics of validation data. */
  evaluate(dataset: Dataset): Promise<Evaluation>;
  /** Writes a checkpoint with the state of training. */
  save(path: string, training: Json, tensors: Record<string, CheckpointTensor>): Promise<void>;
}

/** What a checkpoint holds of a training that is to go on. */
export interface Resumption {
  /** The state of training. */
  readonly training: Json;
  /** Parameters, optimizer state and best parameters. */
  readonly tensors: Readonly<Record<string, CheckpointTensor>>;
}
