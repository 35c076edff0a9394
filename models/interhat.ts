/**
 * Interpretable click-through rate prediction through hierarchical attention.
 *
 * Z. Li, W. Cheng, Y. Chen, H. Chen, W. Wang: Interpretable Click-Through Rate Prediction through Hierarchical Attention.
 * WSDM 2020. Implements a transformer layer over fields, then sums of them order by order. As in FuxiCTR heads
 * share the attention's width.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  add,
  attentiveSum,
  concat,
  dense,
  embedding,
  layerNorm,
  mlp,
  multiply,
  repeat,
  reshape,
  selfAttention,
  type Tensor,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of InterHAt. */
export interface InterhatOptions extends DnnOptions {
  /** Widths of the hidden layers over the joined orders. @default {[64, 64]} */
  hidden?: readonly number[];
  /** Highest order of interactions. @default {2} */
  order?: number;
  /** Heads of the attention; they share its width. @default {1} */
  heads?: number;
  /** Width of the attention. @default {16} */
  width?: number;
  /** Width of the hidden layers of the transformer and of the sums. @default 4 dim */
  inner?: number;
}

/** Defines InterHAt: logit = MLP(sum_p a_p u_p) with u_p = sum_f b_pf x_pf, x_1 = transformer(e), x_{p+1} = u_p * x_1 + x_p. */
export const interhat: DefinitionFactory<InterhatOptions> = defineModel("interhat", (x, options: InterhatOptions) => {
  const { dim = 16, hidden = [64, 64], dropout = 0, batchNorm = false } = options;
  const { order = 2, heads = 1, width = 16, inner = 4 * dim } = options;
  const e = embedding(x, dim); // [B, F, D]
  const x1 = transformer(e, { dim, heads, width, inner }); // [B, F, D]
  let fields = x1;
  const orders: Tensor[] = [];
  for (let p = 0; p < order; p++) {
    if (p > 0) fields = add(multiply(repeat(orders[p - 1], x.fields.length), x1), fields);
    orders.push(attentiveSum(fields, inner, { name: `order.${p}` })); // [B, D]
  }
  const joined = attentiveSum(reshape(concat(...orders), ["B", order, dim]), inner, { name: "orders" }); // [B, D]
  return mlp(joined, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
});

function transformer(
  e: Tensor,
  { dim, heads, width, inner }: Required<Pick<InterhatOptions, "dim" | "heads" | "width" | "inner">>,
): Tensor {
  const attended = selfAttention(e, width, { name: "att", heads, scale: true, residual: false, activation: "none" });
  const projected = width === dim ? attended : dense(attended, dim, { name: "att.res", bias: false });
  const h = layerNorm(add(activation(projected, "relu"), e), { name: "att.ln" });
  return layerNorm(add(mlp(h, [inner, dim], { name: "ffn" }), h), { name: "ffn.ln" });
}
