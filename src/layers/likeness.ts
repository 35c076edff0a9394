/**
 * How like the target the items of a history are by given vectors, such as those of their texts and images.
 *
 * @module
 */
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { filled, scale } from "../ops/dense/arithmetic.ts";
import { bucketSums, bucketValues, cosineBuckets } from "../ops/sequence/buckets.ts";
import { placeSoftmax } from "../ops/sequence/place_softmax.ts";
import { placeDots, weightedPool } from "../ops/sequence/weighted_pooling.ts";
import type { History } from "./embedding.ts";
import { dense } from "./mlp.ts";

/** The items of a history by likeness to the target. */
export interface LikenessBuckets {
  /** Bucket of each item, from the least alike, `[B, L]`, u32. */
  readonly buckets: Tensor;
  /** Number of buckets K. */
  readonly count: number;
  /** Items of each row, `[B]`. */
  readonly lengths: Tensor;
}

/**
 * Sorts the items of a history into buckets by the cosine of their vectors and the target's. No gradient flows, so a table
 * that is read for this alone keeps the vectors that it was given.
 *
 * @param history a history whose sequences have targets
 * @param count buckets, of one width between -1 and 1
 * @throws {RangeError} when `count` is not a positive integer
 */
export function likenessBuckets({ target, items, lengths }: History, count: number): LikenessBuckets {
  return { buckets: cosineBuckets(target, items, lengths, count), count, lengths };
}

/**
 * Counts the items of a history in each bucket.
 *
 * @returns `[B, K]`
 */
export function likenessHistogram({ buckets, count, lengths }: LikenessBuckets): Tensor {
  return bucketSums(filled(buckets, 1), buckets, lengths, count);
}

/** Options of {@linkcode decoupledTargetAttention}. */
export interface DecoupledTargetAttentionOptions {
  /** Name of the layer. @default {"attention"} */
  name?: string;
  /** Width A of queries, keys and values. @default {64} */
  units?: number;
}

/**
 * Weighs the items of a history, whose keys and values know how like the target they are: y = sum_t w_t v_t with the softmax
 * w over t of <W_q q, k_t> / sqrt(A), keys k_t = W_k x_t + E_k[i], and values v_t = W_v x_t + E_v[i] for an item in bucket i.
 *
 * No row of keys or values is made for an item: scores are <W_k^T W_q q, x_t> and one number of each bucket, and the sum is
 * that of the items by W_v and that of the weights of each bucket by E_v. Exposes the weights as `attention` `[B, L]`. Fan et
 * al.: Decoupled Multimodal Fusion. 2025, arXiv:2510.11066.
 *
 * @param history a history whose sequences have targets
 * @returns `[B, A]`; zeros for an empty history
 */
export function decoupledTargetAttention(
  { target, items, lengths }: History,
  { buckets, count }: LikenessBuckets,
  options: DecoupledTargetAttentionOptions = {},
): Tensor {
  const { units = 64 } = options;
  const { graph } = items;
  const name = graph.uniqueName(options.name ?? "attention");
  const linear = (x: Tensor, columns: number, part: string): Tensor =>
    dense(x, columns, { name: `${name}.${part}`, bias: false });
  const query = linear(target, units, "q");
  const byItem = placeDots(items, linear(query, widthOf(target.shape), "k"), lengths); // [B, L]
  const byBucket = bucketValues(linear(query, count, "bucket_k"), buckets, lengths); // [B, L]
  const weights = placeSoftmax(scale(add(byItem, byBucket), 1 / Math.sqrt(units)), lengths);
  graph.expose("attention", weights);
  const sum = linear(weightedPool(items, weights, lengths), units, "v");
  return add(sum, linear(bucketSums(weights, buckets, lengths, count), units, "bucket_v"));
}
