/**
 * Optimizers: the update rule, its constants and the state that it keeps; pure data.
 *
 * @module
 */

export { adagrad, type AdagradOptions, rowwiseAdagrad } from "./optimizer/adagrad.ts";
export { adam, type AdamOptions, adamw, type AdamwOptions } from "./optimizer/adam.ts";
export { ftrl, type FtrlOptions } from "./optimizer/ftrl.ts";
export type { AnyOptimizer, OptimizerByPart, PlacedRule } from "./optimizer/parts.ts";
export { lamb, type LambOptions } from "./optimizer/lamb.ts";
export { lion, type LionOptions } from "./optimizer/lion.ts";
export { rmsprop, type RmspropOptions } from "./optimizer/rmsprop.ts";
export { sgd, type SgdOptions } from "./optimizer/sgd.ts";

/** Which rows of an embedding table a step updates: those of the batch, or all. */
export type EmbeddingUpdate = "lazy" | "dense";

/** Names of the optimizers. */
export type OptimizerName =
  | "sgd"
  | "adagrad"
  | "rowwise_adagrad"
  | "adam"
  | "adamw"
  | "lamb"
  | "lion"
  | "rmsprop"
  | "ftrl";

/** An optimizer, as made by {@linkcode sgd}, {@linkcode adagrad}, {@linkcode adam} and the others. */
export interface Optimizer {
  /** Name, as on the command line. */
  readonly name: OptimizerName;
  /** Learning rate; a schedule may give steps another one. */
  readonly lr: number;
  /**
   * Whether a step updates the rows of the batch (`lazy`: its cost does not depend on the vocabulary) or every row
   * (`dense`: rows absent from the batch still move by momentum and L2, as ordinary dense parameters do).
   */
  readonly embeddingUpdate: EmbeddingUpdate;
  /** Number of the rule in `shaders/train/optimizer.wgsl`. */
  readonly rule: number;
  /** Numbers of state that a dense parameter has per weight. */
  readonly slots: number;
  /** Numbers of state that a table has per row, in place of `slots` per weight; 0 where it has those. */
  readonly rowSlots: number;
  /** First value of the first number of state; others start at 0. */
  readonly initialState: number;
  /** Whether a step looks at the norms of rows of tables and of dense parameters. @default {false} */
  readonly byLayer?: boolean;
  /** Constants of the rule by their names in `shaders/train/optimizer.wgsl`. */
  readonly constants: Readonly<Record<string, number>>;
  /** Returns Adam's 1 / (1 - beta1^t) and 1 / (1 - beta2^t) at step t, counted from 1; other rules have 1. */
  corrections(step: number): { correction1: number; correction2: number };
  /** Where the rule computes weights from their state alone: the number of state that holds them, and its first value. */
  readonly carrier?: { readonly slot: number; stateOf(weight: number): number };
}

/** One buffer beside a table's weights: slot `i + 1` of the table is element `i` of {@linkcode tableSlots}. */
export interface TableSlot {
  /** Name, for labels and checkpoints. */
  readonly name: string;
  /** Whether it holds one number per row; otherwise it has the shape of the weights. */
  readonly perRow: boolean;
  /** First value. */
  readonly initial: number;
  /** Whether it must be saved: the gradient is zero between steps. */
  readonly saved: boolean;
}

/** Options that all optimizers have. */
export interface CommonOptions {
  /** Which rows of an embedding table a step updates. @default {"lazy"} */
  embeddingUpdate?: EmbeddingUpdate;
}

/** Returns the buffers that a table has beside its weights: state, and in dense mode the gradient of all rows, last. */
export function tableSlots(optimizer: Optimizer): readonly TableSlot[] {
  const slots: TableSlot[] = [];
  const count = optimizer.rowSlots > 0 ? optimizer.rowSlots : optimizer.slots;
  for (let i = 0; i < count; i++) {
    const initial = i === 0 ? optimizer.initialState : 0;
    slots.push({ name: `state${i}`, perRow: optimizer.rowSlots > 0, initial, saved: true });
  }
  if (optimizer.embeddingUpdate === "dense") slots.push({ name: "gradient", perRow: false, initial: 0, saved: false });
  return slots;
}

/** Returns the number of a table's slot with strengths of L2 by row, which comes after those of {@linkcode tableSlots}. */
export const rowL2Index = (optimizer: Optimizer): number => tableSlots(optimizer).length + 1;

/** Returns the number of a table's slot with the coupled L2 of each row, which comes after {@linkcode rowL2Index}. */
export const rowStrengthIndex = (optimizer: Optimizer): number => rowL2Index(optimizer) + 1;
