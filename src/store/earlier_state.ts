/**
 * Optimizer state that comes from elsewhere: a checkpoint, or a model that was extended.
 *
 * @module
 */
import type { CheckpointTensor, Json } from "../checkpoint/content.ts";
import { OPTIMIZER_PARTS } from "../optimizer/parts.ts";

/** State of an optimizer by name, as a checkpoint holds it. */
export interface EarlierState {
  /** Tensors by name, those of `OptimizerState.download`. */
  readonly tensors: Readonly<Record<string, CheckpointTensor>>;
  /** Steps behind them. */
  readonly steps: number;
  /** What {@linkcode kindsOf} says of the optimizer. */
  readonly kinds: string;
  /** For each row of tables that have grown since, the row that the tensors have of it, or -1. */
  readonly from?: RowsByTable;
}

/** Rows by the name of their table. */
export type RowsByTable = Readonly<Record<string, Int32Array>>;

/** Name of an optimizer and how it updates tables. */
interface Kind {
  readonly name: string;
  readonly embeddingUpdate: string;
}

/**
 * Describes the kinds of the optimizers of all parts.
 *
 * @param rules optimizers by part, or what a recipe says of one or several
 */
export function kindsOf(rules: Json | object): string {
  const kindOf = ({ name, embeddingUpdate }: Kind): string => `${name} with ${embeddingUpdate} updates`;
  if ("name" in (rules as object)) return kindOf(rules as Kind);
  const kinds = OPTIMIZER_PARTS.map((part) => [part, kindOf((rules as Record<string, Kind>)[part])]);
  if (kinds.every(([, kind]) => kind === kinds[0][1])) return kinds[0][1];
  return kinds.map(([part, kind]) => `${kind} for ${part}`).join(", ");
}

/** Returns the state of a checkpoint; nothing where it is of a finished model. */
export function earlierStateOf(
  training: Json | undefined,
  tensors: Readonly<Record<string, CheckpointTensor>>,
): EarlierState | undefined {
  if (!training) return undefined;
  const { recipe, step, earlierSteps = 0 } = training as {
    recipe: { optimizer: Json };
    step: number;
    earlierSteps?: number;
  };
  const own = Object.entries(tensors).filter(([name]) => name.startsWith("optimizer/"));
  return { tensors: Object.fromEntries(own), steps: earlierSteps + step, kinds: kindsOf(recipe.optimizer) };
}

/**
 * Returns state for tables that have grown once more.
 *
 * @param from for each row of a table, its row before, or -1
 */
export function regrown(state: EarlierState, from: RowsByTable): EarlierState {
  const { from: before } = state;
  if (!before) return { ...state, from };
  const first = (name: string, rows: Int32Array): Int32Array => rows.map((row) => row < 0 ? -1 : before[name][row]);
  return {
    ...state,
    from: Object.fromEntries(Object.entries(from).map(([name, rows]) => [name, first(name, rows)])),
  };
}
