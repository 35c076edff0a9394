/**
 * Deep Crossing.
 *
 * Y. Shan, T. Hoens, J. Jiao, H. Wang, D. Yu, J. Mao: Deep Crossing: Web-Scale Modeling without Manually Crafted
 * Combinatorial Features. KDD 2016. Implements the stack of residual units of section 4.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { dense, embedding, flatten, residualUnit } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode deepcrossing}. */
export interface DeepcrossingOptions extends DnnOptions {
  /**
   * Whether the sum of a unit is activated as well, and batch norm and dropout follow the sum instead of its first layer,
   * as in FuxiCTR.
   *
   * @default {false}
   */
  activateSum?: boolean;
}

/** Defines Deep Crossing: logit = w . x_L + b with x_{l+1} = x_l + W_2 relu(W_1 x_l + b_1) + b_2; `hidden` are W_1's widths. */
export const deepcrossing: DefinitionFactory<DeepcrossingOptions> = defineModel(
  "deepcrossing",
  (x, options: DeepcrossingOptions) => {
    const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false, activateSum } = options;
    const e = flatten(embedding(x, dim)); // [B, F D]
    const crossed = hidden.reduce((h, width) => residualUnit(h, width, { dropout, batchNorm, activateSum }), e);
    return dense(crossed, 1, { name: "top" }); // logits [B, 1]
  },
);
