/**
 * What a recurrent layer learns besides: which item comes next.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { nextItemLoss as addLoss, nextItemPairs } from "../ops/sequence/next_item.ts";
import type { History } from "./embedding.ts";
import { type LayerActivation, mlp } from "./mlp.ts";

/** Options of {@linkcode nextItemLoss}. */
export interface NextItemLossOptions {
  /** Name of the layer. @default {"auxiliary"} */
  name?: string;
  /** Widths of the hidden layers. @default {[100, 50]} */
  hidden?: readonly number[];
  /** Activation of the hidden layers. @default {"relu"} */
  activation?: LayerActivation;
  /** Factor of the loss. @default {1} */
  weight?: number;
}

/**
 * Passes logits on and has the states of a history learn to tell the next item from one that was not clicked: training
 * minimizes besides
 *
 *     weight mean ( -ln sigmoid(MLP(h_{t-1}, k_t)) - ln(1 - sigmoid(MLP(h_{t-1}, n_t))) )
 *
 * over all places t > 0 of the batch's histories, with states h, items k and negatives n. Predictions know nothing of it.
 *
 * Zhou et al.: Deep Interest Evolution Network for Click-Through Rate Prediction. AAAI 2019, interest extractor
 * layer.
 *
 * @param logits what the model goes on with
 * @param states states of a recurrent layer over the items, `[B, L, H]`
 * @param history a history whose embeddings have negatives
 * @returns the logits
 * @throws {TypeError} when the history has no negatives
 */
export function nextItemLoss(
  logits: Tensor,
  states: Tensor,
  { name: of, items, negatives, lengths }: Pick<History, "name" | "items" | "negatives" | "lengths">,
  { name = "auxiliary", hidden = [100, 50], activation = "relu", weight = 1 }: NextItemLossOptions = {},
): Tensor {
  if (!negatives) throw new TypeError(`Cannot build next_item_loss: "${of}" must have negatives, received none`);
  const pairs = nextItemPairs(states, items, negatives); // [B, 2 L, H + M D]
  return addLoss(logits, mlp(pairs, [...hidden, 1], { name, activation }), lengths, weight);
}
