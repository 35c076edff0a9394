/**
 * Wukong.
 *
 * B. Zhang, L. Luo, Y. Chen, J. Nie, X. Liu et al.: Wukong: Towards a Scaling Law for Large-Scale Recommendation. ICML
 * 2024, arXiv:2403.02545. Implements its layers with a projection that does not depend on the sample.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, flatten, mlp, wukongLayer } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of Wukong. */
export interface WukongOptions extends DnnOptions {
  /** Interaction layers. @default {3} */
  layers?: number;
  /** Rows that each layer's factorization machine gives. @default {40} */
  fmRows?: number;
  /** Rows of each layer that are linear in its input. @default {40} */
  linearRows?: number;
  /** Columns of the projection that products are taken with. @default {8} */
  rank?: number;
  /** Widths of the hidden layers over a layer's products. @default {[32, 32]} */
  fmHidden?: readonly number[];
}

/** Defines Wukong: logit = MLP(x_L) with x_{l+1} = LN([MLP(LN(x_l x_l^T P)), L x_l] + x_l). */
export const wukong: DefinitionFactory<WukongOptions> = defineModel("wukong", (x, options: WukongOptions) => {
  const { dim = 16, layers = 3, fmRows, linearRows, rank, fmHidden } = options;
  const { hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  let rows = embedding(x, dim); // [B, F, D]
  for (let l = 0; l < layers; l++) {
    rows = wukongLayer(rows, { name: `wukong.${l}`, fmRows, linearRows, rank, hidden: fmHidden }); // [B, N, D]
  }
  return mlp(flatten(rows), [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
});
