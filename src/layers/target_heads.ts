/**
 * Attention of a target to a history with several heads.
 *
 * @module
 */
import { type Initializer, normal } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { projectedHeads, targetHeads } from "../ops/sequence/target_heads.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import type { History } from "./embedding.ts";

/** Options of {@linkcode multiHeadTargetAttention}. */
export interface TargetHeadsOptions {
  /** Name of the layer. @default {"target_attention"} */
  name?: string;
  /** Columns A of the projections, a multiple of the heads. @default {64} */
  units?: number;
  /** Heads H; they share the columns. @default {2} */
  heads?: number;
  /** Whether scores are divided by the root of a head's width. @default {true} */
  scale?: boolean;
  /** Whether target and items are projected; otherwise the heads share the columns of the embeddings. @default {true} */
  project?: boolean;
  /** Newest items of a history that count. @default {all} */
  window?: number;
  /** Items with the largest scores that each head keeps, the newer one among equals. @default {all} */
  top?: number;
  /** First weights of the projections. @default {normal with the variance of xavierNormal()} */
  initializer?: Initializer;
}

/**
 * Weighs the items of a history by their likeness to the target, head by head: y = sum_h (sum_t w[h, t] W_v x_t) W_o, and
 * w[h, :] is the softmax over t of (W_q target) . (W_k x_t) / sqrt(A / H).
 *
 * Keys and values are never computed: a query goes through W_k, and a weighted sum through W_v, once for each row. Weights
 * `[B, H, L]` can be inspected as `<name>.weights`. Vaswani et al.: Attention Is All You Need. NIPS 2017, section 3.2.2.
 *
 * @param history a history whose sequences have targets
 * @returns `[B, M D]`; zeros for an empty history
 * @throws {RangeError} when the heads do not divide the columns
 */
export function multiHeadTargetAttention(
  { target, items, lengths }: Pick<History, "target" | "items" | "lengths">,
  options: TargetHeadsOptions = {},
): Tensor {
  const { heads = 2, project = true, scale = true, window, top } = options;
  const { graph } = items;
  const width = widthOf(target.shape);
  const units = project ? options.units ?? 64 : width;
  if (!(Number.isInteger(heads) && heads > 0 && units % heads === 0)) {
    throw new RangeError(`Cannot build target attention: heads must divide ${units} columns, received ${heads}`);
  }
  const name = graph.uniqueName(options.name ?? "target_attention");
  const attributes = { scale: scale ? 1 / Math.sqrt(units / heads) : 1, window, top };
  const initializer = options.initializer ?? normal(Math.sqrt(2 / (width + units)));
  const parameter = (part: string, ...shape: number[]) => graph.parameter(`${name}.${part}.weight`, shape, initializer);
  const { y, weights } = project
    ? projectedHeads(target, items, lengths, {
      q: parameter("q", width, units),
      k: parameter("k", heads, units / heads, width),
      v: parameter("v", heads, width, units / heads),
      o: parameter("o", units, width),
    }, attributes)
    : targetHeads(reshape(target, ["B", heads, width / heads]), items, lengths, attributes);
  graph.expose(`${name}.weights`, weights);
  return project ? y : flatten(y);
}
