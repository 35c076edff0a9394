/**
 * AutoInt.
 *
 * W. Song, C. Shi, Z. Xiao, Z. Duan, Y. Xu, M. Zhang, J. Tang: AutoInt: Automatic Feature Interaction Learning via
 * Self-Attentive Neural Networks. CIKM 2019, arXiv:1810.11921. Implements equations 5 to 10; with hidden layers it is the
 * paper's AutoInt+. As in the authors' code heads share the attention's width; the residual is projected only where
 * widths differ, and layer norm is an option.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, dense, embedding, flatten, linear, mlp, selfAttention } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of AutoInt. */
export interface AutoIntOptions extends DnnOptions {
  /** Widths of the hidden layers of AutoInt+; AutoInt has none. @default {[]} */
  hidden?: readonly number[];
  /** Attention layers. @default {2} */
  layers?: number;
  /** Heads of a layer; they share its width. @default {2} */
  heads?: number;
  /** Width of a layer. @default {16} */
  width?: number;
  /** Whether a layer's input is added to its output. @default {true} */
  residual?: boolean;
  /** Whether scores are divided by the root of a head's width. @default {false} */
  scale?: boolean;
  /** Whether layers are normalized before their activation. @default {false} */
  layerNorm?: boolean;
  /** Whether first-order weights are added. @default {false} */
  wide?: boolean;
}

/** Defines AutoInt: logit = w . [a_1, ..., a_F] + b with a the attention layers' output (+ MLP(e) + sum_f w_f). */
export const autoint: DefinitionFactory<AutoIntOptions> = defineModel("autoint", (x, options: AutoIntOptions) => {
  const { dim = 16, hidden = [], dropout = 0, batchNorm = false, wide = false } = options;
  const { layers = 2, heads = 2, width = 16, residual = true, scale = false, layerNorm = false } = options;
  const e = embedding(x, dim); // [B, F, D]
  let a = e;
  for (let l = 0; l < layers; l++) {
    const names = { name: `att.${l}`, shown: `attention_${l}` };
    a = selfAttention(a, width, { ...names, heads, residual, scale, layerNorm }); // [B, F, A]
  }
  const logits = [dense(flatten(a), 1, { name: "top" })];
  if (hidden.length > 0) logits.push(mlp(flatten(e), [...hidden, 1], { dropout, batchNorm }));
  if (wide) logits.push(linear(x, { bias: false }));
  return add(...logits); // logits [B, 1]
});
