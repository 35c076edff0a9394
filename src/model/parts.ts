/**
 * What plans of a model are compiled from, for training as for prediction.
 *
 * @module
 */
import type { Definition } from "../definition.ts";
import type { Declarations } from "../graph/parameter.ts";
import type { Store } from "../store.ts";
import type { FieldSpace } from "../trace.ts";

/** A model as the engine has it. */
export interface ModelParts {
  /** The model function, bound to its options. */
  readonly definition: Definition;
  /** Parameters and tables that the model function declared. */
  readonly declarations: Declarations;
  /** Fields of the data. */
  readonly space: FieldSpace;
  /** Numbers of what was declared. */
  readonly store: Store;
}
