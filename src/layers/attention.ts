/**
 * Self-attention over fields.
 *
 * @module
 */
import { type Initializer, xavierNormal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attention } from "../ops/sequence/attention.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { activation as activate } from "../ops/dense/pointwise.ts";
import { project } from "../ops/sequence/projections.ts";
import { layerNorm as normalize } from "./activation.ts";

/** Options of {@linkcode selfAttention}. */
export interface SelfAttentionOptions {
  /** Name of the layer. @default {"self_attention"} */
  name?: string;
  /** Name under which attention weights are shown. @default {"attention"} */
  shown?: string;
  /** Heads; they share the columns. @default {2} */
  heads?: number;
  /** Whether the input, projected where its width differs, is added. @default {true} */
  residual?: boolean;
  /** Whether scores are divided by the root of a head's width. @default {false} */
  scale?: boolean;
  /** Whether rows are normalized before the activation. @default {false} */
  layerNorm?: boolean;
  /** Applied last. @default {"relu"} */
  activation?: "none" | "relu";
  /** First weights of each projection. @default {xavierNormal()} */
  initializer?: Initializer;
}

/**
 * Lets each field attend to all fields: y = act(softmax(q k^T) v + residual) with q, k and v linear in x, head by head.
 *
 * Song et al., CIKM 2019, equations 5 to 8. Attention weights `[B, H, F, F]` can be inspected.
 *
 * @param x `[B, F, D]`
 * @param units columns A of the result, a multiple of the heads
 * @returns `[B, F, A]`
 * @throws {RangeError} when the heads do not divide the columns
 */
export function selfAttention(x: Tensor, units: number, options: SelfAttentionOptions = {}): Tensor {
  const { graph } = x;
  const { heads = 2, residual = true, scale = false, layerNorm = false, activation = "relu" } = options;
  if (!(Number.isInteger(heads) && heads > 0 && units % heads === 0)) {
    throw new RangeError(`Cannot build attention: heads must divide ${units} columns, received ${heads}`);
  }
  const name = graph.uniqueName(options.name ?? "self_attention");
  const { dim } = fieldsOf("attention", x);
  const kind = !residual ? "none" : dim === units ? "input" : "packed";
  const projections = ["q", "k", "v", ...(kind === "packed" ? ["res"] : [])].map((part) =>
    graph.parameter(`${name}.${part}.weight`, [dim, units], options.initializer ?? xavierNormal())
  );
  const { o, weights } = attention(
    project(x, ...projections), // [B, F, 3 A or 4 A]
    kind === "input" ? x : undefined,
    {
      heads,
      width: units,
      residual: kind,
      scale: scale ? 1 / Math.sqrt(units / heads) : 1,
      relu: activation === "relu" && !layerNorm,
    },
  );
  graph.expose(options.shown ?? "attention", weights);
  if (!layerNorm) return o;
  const normal = normalize(o, { name: `${name}.ln` });
  return activation === "relu" ? activate(normal, "relu") : normal;
}
