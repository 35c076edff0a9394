/**
 * Attention of a target to what a user did before.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { compare } from "../ops/sequence/compare.ts";
import { placeSoftmax } from "../ops/sequence/place_softmax.ts";
import { weightedPool } from "../ops/sequence/weighted_pooling.ts";
import { reshape } from "../ops/shape/reshape.ts";
import type { History } from "./embedding.ts";
import { type LayerActivation, mlp } from "./mlp.ts";

/** Options of {@linkcode attentionUnit}. */
export interface AttentionUnitOptions {
  /** Name of the layer. @default {"attention"} */
  name?: string;
  /** Widths of the hidden layers that score an item. @default {[64]} */
  hidden?: readonly number[];
  /** Activation of the hidden layers. @default {"dice"} */
  activation?: LayerActivation;
  /** Whether scores become weights that sum to 1; otherwise they weigh as they are. @default {false} */
  softmax?: boolean;
}

/**
 * Weighs each item of a history by a small network that sees it beside the target: y = sum_t w_t k_t with
 * w_t = MLP(q, k_t, q - k_t, q * k_t), through a softmax where it is asked for.
 *
 * Exposes the weights as `attention` `[B, L]`. Zhou et al.: Deep Interest Network for Click-Through Rate Prediction. KDD
 * 2018, section 4.3.
 *
 * @param history a history whose sequences have targets
 * @returns `[B, M D]`; zeros for an empty history
 */
export function attentionUnit(history: History, options: AttentionUnitOptions = {}): Tensor {
  const { hidden = [64], activation = "dice", softmax = false } = options;
  const { target, items, lengths, places } = history;
  const { graph } = items;
  const name = options.name ?? "attention";
  const scores = reshape(mlp(compare(target, items), [...hidden, 1], { name, activation }), ["B", places]);
  const weights = softmax ? placeSoftmax(scores, lengths) : scores;
  graph.expose("attention", weights);
  return weightedPool(items, weights, lengths);
}
