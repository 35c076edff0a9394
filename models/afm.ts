/**
 * Attentional factorization machine.
 *
 * J. Xiao, H. Ye, X. He, H. Zhang, F. Wu, T.-S. Chua: Attentional Factorization Machines: Learning the Weight of Feature
 * Interactions via Attention Networks. IJCAI 2017, arXiv:1708.04617. Implements equations 4 to 7.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, attentionalPooling, dense, dropout, embedding, linear } from "../src/layers/mod.ts";

/** Options of {@linkcode afm}. */
export interface AfmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Width A of the attention network. @default {16} */
  attentionDim?: number;
  /** Probabilities of zeroing an attention weight, and a number of the pooled vector, in training. @default {[0, 0]} */
  attentionDropout?: readonly [number, number];
}

/** Defines AFM: logit = b + sum_f w_f + <p, sum_{i<j} a_ij e_i * e_j>, with * by element. */
export const afm: DefinitionFactory<AfmOptions> = defineModel(
  "afm",
  (x, { dim = 16, attentionDim = 16, attentionDropout = [0, 0] }: AfmOptions) => {
    const e = embedding(x, dim); // [B, F, D]
    const pooled = attentionalPooling(e, { hidden: attentionDim, dropout: attentionDropout[0] }); // [B, D]
    const second = dense(dropout(pooled, attentionDropout[1]), 1, { name: "top", bias: false }); // [B, 1]
    return add(linear(x), second); // logits [B, 1]
  },
);
