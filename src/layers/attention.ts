/**
 * Self-attention over fields.
 *
 * @module
 */
import { type Initializer, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { attendFields } from "../ops/interaction/attend_fields.ts";
import { centerFields, fieldMean, shiftFields } from "../ops/interaction/field_sums.ts";
import { attention } from "../ops/sequence/attention.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { activation as activate } from "../ops/dense/pointwise.ts";
import { project } from "../ops/sequence/projections.ts";
import { flatten } from "../ops/shape/reshape.ts";
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

function checkHeads(heads: number, units: number): void {
  if (Number.isInteger(heads) && heads > 0 && units % heads === 0) return;
  throw new RangeError(`Cannot build attention: heads must divide ${units} columns, received ${heads}`);
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
  checkHeads(heads, units);
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

/** Options of {@linkcode disentangledAttention}. */
export interface DisentangledAttentionOptions {
  /** Name of the layer. @default {"disentangled"} */
  name?: string;
  /** Name under which attention weights are shown. @default {"attention"} */
  shown?: string;
  /** Heads; they share the columns. @default {1} */
  heads?: number;
  /** Whether scores are divided by the root of a head's width. @default {false} */
  scale?: boolean;
}

/**
 * Lets each field attend to all fields for what sets it apart, and all fields alike to the important ones:
 * y_i = sum_j (softmax_j((q_i - mean q) k_j) + softmax_j(u_j)) v_j + r_i with q, k, u, v and r linear in x, head by head.
 *
 * Weights of a softmax sum to 1: so biases of q, k and u would cancel and are left out, and the mean of x adds the same to
 * all y_i whatever the weights are. Xu et al.: Disentangled Self-Attentive Neural Networks. CIKM 2021.
 * Exposes the weights of pairs `[B, H, F, F]` and, as `unary`, those of fields `[B, F, H]`.
 *
 * @param x `[B, F, D]`
 * @param units columns A of the result, a multiple of the heads
 * @returns `[B, F, A]`
 * @throws {RangeError} when the heads do not divide the columns
 */
export function disentangledAttention(x: Tensor, units: number, options: DisentangledAttentionOptions = {}): Tensor {
  const { graph } = x;
  const { heads = 1, scale = false } = options;
  checkHeads(heads, units);
  const name = graph.uniqueName(options.name ?? "disentangled");
  const { dim } = fieldsOf("attention", x);
  const weight = (part: string, columns = units): Tensor =>
    graph.parameter(`${name}.${part}.weight`, [dim, columns], xavierNormal());
  const bias = (part: string): Tensor => graph.parameter(`${name}.${part}.bias`, [units], zeros());
  const { q, k, v, res } = { q: weight("q"), k: weight("k"), v: weight("v"), res: weight("res") };
  const { o, weights } = attention(project(centerFields(x), q, k, v, res), undefined, {
    heads,
    width: units,
    residual: "packed",
    scale: scale ? 1 / Math.sqrt(units / heads) : 1,
    relu: false,
  });
  graph.expose(options.shown ?? "attention", weights);
  const vBias = bias("v");
  const important = attendFields(product(x, v, vBias), product(x, weight("unary", heads)));
  graph.expose("unary", important.weights);
  const ofMean = product(flatten(fieldMean(x)), add(v, res), add(vBias, bias("res"))); // [B, A]
  return shiftFields(o, add(important.pooled, ofMean));
}
