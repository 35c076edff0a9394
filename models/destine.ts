/**
 * Disentangled self-attentive network.
 *
 * Y. Xu, Y. Zhu, F. Yu, Q. Liu, S. Wu: Disentangled Self-Attentive Neural Networks for Click-Through Rate Prediction. CIKM
 * 2021, arXiv:2101.03654. Implements disentangled attention; with hidden layers it is the paper's DESTINE+.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, dense, disentangledAttention, embedding, flatten, linear, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DESTINE. */
export interface DestineOptions extends DnnOptions {
  /** Widths of the hidden layers of DESTINE+; DESTINE has none. @default {[]} */
  hidden?: readonly number[];
  /** Attention layers. @default {2} */
  layers?: number;
  /** Heads of a layer; they share its width. @default {2} */
  heads?: number;
  /** Width of a layer. @default {16} */
  width?: number;
  /** Whether scores are divided by the root of a head's width. @default {false} */
  scale?: boolean;
  /** Whether first-order weights are added. @default {false} */
  wide?: boolean;
}

/** Defines DESTINE: logit = w . [a_1, ..., a_F] + b with a the output of disentangled attention (+ MLP(e) + sum_f w_f). */
export const destine: DefinitionFactory<DestineOptions> = defineModel("destine", (x, options: DestineOptions) => {
  const { dim = 16, hidden = [], dropout = 0, batchNorm = false, wide = false } = options;
  const { layers = 2, heads = 2, width = 16, scale = false } = options;
  const e = embedding(x, dim); // [B, F, D]
  let a = e;
  for (let l = 0; l < layers; l++) {
    a = disentangledAttention(a, width, { name: `att.${l}`, shown: `attention_${l}`, heads, scale }); // [B, F, A]
  }
  const logits = [dense(flatten(a), 1, { name: "top" })];
  if (hidden.length > 0) logits.push(mlp(flatten(e), [...hidden, 1], { dropout, batchNorm }));
  if (wide) logits.push(linear(x));
  return add(...logits); // logits [B, 1]
});
