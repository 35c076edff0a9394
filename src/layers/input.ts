/**
 * What a model function is given: the occurrences of a batch and the fields that they belong to.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";

/** A field of the flat row space. */
export interface Field {
  /** Name of the feature. */
  readonly name: string;
  /** Rows of the field, special ones included. */
  readonly rows: number;
  /** Number of the field's first row. */
  readonly offset: number;
}

/** The rows and values of a batch. */
export interface Input {
  /** The trace. */
  readonly graph: Graph;
  /** Row numbers `[F, B]` in the flat row space of all fields. */
  readonly ids: Tensor;
  /** Values `[F, B]`; absent when all are 1. */
  readonly values: Tensor | undefined;
  /** The fields in order. */
  readonly fields: readonly Field[];
  /** Rows of all fields together. */
  readonly rowCount: number;
}
