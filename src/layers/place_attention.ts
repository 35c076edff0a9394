/**
 * Attention weights of the places of a history.
 *
 * @module
 */
import { identity } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { compare } from "../ops/sequence/compare.ts";
import { placeSoftmax } from "../ops/sequence/place_softmax.ts";
import { placeDots } from "../ops/sequence/weighted_pooling.ts";
import { reshape } from "../ops/shape/reshape.ts";
import type { Places } from "./history_attention.ts";
import { dense, type LayerActivation, mlp } from "./mlp.ts";

/** Options of {@linkcode placeAttention}. */
export interface PlaceAttentionOptions {
  /** Name of the layer. @default {"attention"} */
  name?: string;
  /** How a place is scored. @default {"bilinear"} */
  score?: "bilinear" | "dot" | "unit";
  /** Widths of a unit's hidden layers. @default {[64]} */
  hidden?: readonly number[];
  /** Activation of a unit's hidden layers. @default {"dice"} */
  activation?: LayerActivation;
}

/**
 * Weighs the places of a history by how well they suit a target: a = softmax of s over the valid places, with the score
 *
 * - `"bilinear"`: s_t = h_t . (q W), W the identity at first
 * - `"dot"`: s_t = h_t . q
 * - `"unit"`: s_t = MLP(q, h_t, q - h_t, q * h_t), DIN's unit (Zhou et al., KDD 2018)
 *
 * Exposes the weights as `attention` `[B, L]`.
 *
 * @param places places of a history, h_t
 * @param target q, `[B, M]`, which must be as wide as a place but for `"bilinear"`
 * @returns `[B, L]`; 0 past the end of a history
 * @throws {TypeError} when the target has another width
 */
export function placeAttention(
  { x, lengths }: Places,
  target: Tensor,
  { name = "attention", score = "bilinear", hidden = [64], activation = "dice" }: PlaceAttentionOptions = {},
): Tensor {
  const scores = (): Tensor => {
    if (score === "dot") return placeDots(x, target, lengths);
    if (score === "unit") {
      const each = mlp(compare(target, x), [...hidden, 1], { name, activation }); // [B, L, 1]
      return reshape(each, ["B", Number(x.shape[1])]);
    }
    const width = widthOf(x.shape.slice(2));
    return placeDots(x, dense(target, width, { name, bias: false, initializer: identity() }), lengths);
  };
  const weights = placeSoftmax(scores(), lengths);
  x.graph.expose("attention", weights);
  return weights;
}
