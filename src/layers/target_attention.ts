/**
 * Attention of a target to what a user did before.
 *
 * @module
 */
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { scale } from "../ops/dense/arithmetic.ts";
import { activation as activate } from "../ops/dense/pointwise.ts";
import { compare } from "../ops/sequence/compare.ts";
import { placeSoftmax } from "../ops/sequence/place_softmax.ts";
import { placeDots, weightedPool } from "../ops/sequence/weighted_pooling.ts";
import { reshape } from "../ops/shape/reshape.ts";
import type { History } from "./embedding.ts";
import { dense, type LayerActivation, mlp } from "./mlp.ts";

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

/** Options of {@linkcode sparseTargetAttention}. */
export interface SparseTargetAttentionOptions {
  /** Name of the layer. @default {"attention"} */
  name?: string;
  /** Width A of queries, keys and values. @default {twice the columns of an item} */
  width?: number;
}

/**
 * Weighs the items of a history that are like the target, and leaves out the others: y = q + O sum_t w_t V k_t with
 * w_t = relu(<Q q, K k_t> / sqrt(A)).
 *
 * No row of keys or values is made for an item: <Q q, K k_t> = <K^T Q q, k_t>, and V times the sum is the sum of V k_t.
 * Exposes the weights as `attention` `[B, L]`. H. Li et al.: Quadratic Interest Network. WWW 2025,
 * arXiv:2504.17699.
 *
 * @param history a history whose sequences have targets
 * @returns `[B, M D]`; the target for an empty history
 */
export function sparseTargetAttention(history: History, options: SparseTargetAttentionOptions = {}): Tensor {
  const { target, items, lengths } = history;
  const columns = widthOf(target.shape);
  const { width = 2 * columns } = options;
  const name = items.graph.uniqueName(options.name ?? "attention");
  const linear = (x: Tensor, units: number, part: string): Tensor =>
    dense(x, units, { name: `${name}.${part}`, bias: false });
  const query = linear(linear(target, width, "q"), columns, "k");
  const weights = activate(scale(placeDots(items, query, lengths), 1 / Math.sqrt(width)), "relu");
  items.graph.expose("attention", weights);
  const interest = linear(weightedPool(items, weights, lengths), width, "v");
  return add(target, linear(interest, columns, "o"));
}
