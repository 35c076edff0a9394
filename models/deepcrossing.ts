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

/** Defines Deep Crossing: logit = w . x_L + b with x_{l+1} = x_l + W_2 relu(W_1 x_l + b_1) + b_2; `hidden` are W_1's widths. */
export const deepcrossing: DefinitionFactory<DnnOptions> = defineModel(
  "deepcrossing",
  (x, { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false }: DnnOptions) => {
    const e = flatten(embedding(x, dim)); // [B, F D]
    const crossed = hidden.reduce((h, width) => residualUnit(h, width, { dropout, batchNorm }), e);
    return dense(crossed, 1, { name: "top" }); // logits [B, 1]
  },
);
