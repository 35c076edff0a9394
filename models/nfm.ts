/**
 * Neural factorization machine.
 *
 * X. He, T.-S. Chua: Neural Factorization Machines for Sparse Predictive Analytics. SIGIR 2017, arXiv:1708.05027.
 * Implements equations 3 to 6.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, biInteraction, embedding, linear, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Defines NFM: logit = sum_f w_f + MLP(sum_{i<j} e_i * e_j), with * by element. */
export const nfm: DefinitionFactory<DnnOptions> = defineModel(
  "nfm",
  (x, { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false }: DnnOptions) => {
    const pooled = biInteraction(embedding(x, dim)); // [B, D]
    return add(linear(x, { bias: false }), mlp(pooled, [...hidden, 1], { dropout, batchNorm })); // logits [B, 1]
  },
);
