/**
 * FiBiNET: feature importance and bilinear interaction.
 *
 * T. Huang, Z. Zhang, J. Zhang: FiBiNET: Combining Feature Importance and Bilinear feature Interaction for Click-Through
 * Rate Prediction. RecSys 2019, arXiv:1905.09433. Implements equations 2 to 10.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, bilinearPairs, type BilinearType, embedding, linear, pairMlp, senet } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode fibinet}. */
export interface FibinetOptions extends DnnOptions {
  /** Which pairs of fields share a matrix. @default {"all"} */
  bilinear?: BilinearType;
  /** Whether embeddings and gated embeddings share their matrices. @default {false} */
  shareBilinear?: boolean;
  /** Fields per unit of the hidden layer of the gates. @default {3} */
  reductionRatio?: number;
}

/** Defines FiBiNET: logit = sum_f w_f + MLP(bilinear products of e and of the gated e). */
export const fibinet: DefinitionFactory<FibinetOptions> = defineModel(
  "fibinet",
  (x, options: FibinetOptions) => {
    const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false, reductionRatio = 3 } = options;
    const e = embedding(x, dim); // [B, F, D]
    const gated = senet(e, { reductionRatio }); // [B, F, D]
    const type = options.bilinear;
    const second = options.shareBilinear ? { name: "bil1", type, shared: true } : { name: "bil2", type };
    const pairs = [bilinearPairs(e, { name: "bil1", type }), bilinearPairs(gated, second)];
    const deep = pairMlp(pairs, [...hidden, 1], { dropout, batchNorm }); // [B, 1]
    return add(linear(x, { bias: false }), deep); // logits [B, 1]
  },
);
