/**
 * What a checkpoint holds, wherever it is kept.
 *
 * @module
 */
import type { Json } from "./canonical_json.ts";
import type { TensorData } from "./layout.ts";

export type { Json } from "./canonical_json.ts";
export type { TensorData } from "./layout.ts";

/** A named tensor of a checkpoint. */
export interface CheckpointTensor {
  /** Sizes of the dimensions; their product is the length of the data. */
  shape: readonly number[];
  /** Elements, row-major. */
  data: TensorData;
}

/** What a checkpoint file holds. */
export interface Checkpoint {
  /** Everything that is not a tensor. Objects come back with their keys sorted. */
  header: { readonly [key: string]: Json | undefined };
  /** Tensors by name. */
  tensors: Readonly<Record<string, CheckpointTensor>>;
}
