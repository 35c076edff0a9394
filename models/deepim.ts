/**
 * Deep interaction machine.
 *
 * F. Yu, Z. Liu, Q. Liu, H. Zhang, S. Wu, L. Wang: Deep Interaction Machine: A Simple but Effective Model for High-order
 * Feature Interactions. CIKM 2020. Implements the interaction machine beside a perceptron; products are summed directly,
 * where the paper's power sums cancel in single precision.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, batchNorm as normalize, dense, embedding, flatten, mlp, symmetricSums } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DeepIM. */
export interface DeepimOptions extends DnnOptions {
  /** Highest order of products, 8 at most. @default {2} */
  order?: number;
  /** Whether the sums of products are batch-normalized. @default {false} */
  interactionNorm?: boolean;
}

/** Defines DeepIM: logit = w . [s_1, ..., s_K] + b + MLP(e), s_k the sum of the element products of all k fields. */
export const deepim: DefinitionFactory<DeepimOptions> = defineModel("deepim", (x, options: DeepimOptions) => {
  const { dim = 16, order = 2, interactionNorm = false, hidden = [400, 400, 400], dropout = 0, batchNorm } = options;
  const e = embedding(x, dim); // [B, F, D]
  const sums = flatten(symmetricSums(e, order)); // [B, K D]
  const machine = dense(interactionNorm ? normalize(sums, { name: "im.bn" }) : sums, 1, { name: "im" });
  return add(machine, mlp(flatten(e), [...hidden, 1], { dropout, batchNorm })); // logits [B, 1]
});
