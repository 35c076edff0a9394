/**
 * Architecture and operation adaptive network.
 *
 * L. Lang, Z. Zhu, X. Liu, J. Zhao, J. Xu, M. Shan: Architecture and Operation Adaptive Network for Online
 * Recommendations. KDD 2021. Implements the generalized interaction network beside a perceptron; the architecture search
 * is left out, as in FuxiCTR.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { adaptiveInteraction, concat, dense, embedding, flatten, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of AOANet. */
export interface AoanetOptions extends DnnOptions {
  /** Interaction layers. @default {3} */
  layers?: number;
  /** Rows of a layer. @default {4} */
  maps?: number;
}

/** Defines AOANet: logit = w . [MLP(e), x_L] + b, each row of x_{l+1} a learned operation on all x_l[k] and e_i. */
export const aoanet: DefinitionFactory<AoanetOptions> = defineModel("aoanet", (x, options: AoanetOptions) => {
  const { dim = 16, layers = 3, maps = 4, hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  const e = embedding(x, dim); // [B, F, D]
  let rows = e;
  for (let l = 0; l < layers; l++) rows = adaptiveInteraction(rows, e, maps, { name: `aoa.${l}` }); // [B, S, D]
  const deep = mlp(flatten(e), hidden, { dropout, batchNorm, hiddenOnly: true });
  return dense(concat(deep, flatten(rows)), 1, { name: "top" }); // logits [B, 1]
});
