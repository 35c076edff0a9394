/**
 * How a model is trained on Frappe.
 *
 * @module
 */
import type { Definition } from "../../src/definition.ts";
import type { L2 } from "../../src/store.ts";

/** Epochs at most, where a recipe says nothing else. */
export const EPOCHS = 100;

/** Epochs in a row without improvement that end training, where a recipe says nothing else. */
export const PATIENCE = 2;

/** A mean over five seeds and its standard deviation. */
export type Spread = readonly [mean: number, deviation: number];

/** What was published for a model. */
export interface Published {
  /** Test AUC of the single run behind the leaderboard. */
  readonly auc: number;
  /** Test log loss of that run. */
  readonly logloss: number;
  /** Test AUC of five seeds. */
  readonly aucSpread?: Spread;
  /** Test log loss of five seeds. */
  readonly loglossSpread?: Spread;
}

/** How a model is trained, and what comes out of it elsewhere. */
export interface Recipe {
  /** Model name as it is printed. */
  readonly title: string;
  readonly definition: Definition;
  readonly l2: L2;
  /** Epochs at most. @default {@linkcode EPOCHS} */
  readonly epochs?: number;
  /** Epochs in a row without improvement that end training. @default {@linkcode PATIENCE} */
  readonly patience?: number;
  /** Trainable scalars that the model must have on these files. */
  readonly parameters: number;
  readonly published: Published;
}
