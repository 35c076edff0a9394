/**
 * RankMixer.
 *
 * J. Zhu et al.: RankMixer: Scaling Up Ranking Models in Industrial Recommenders. CIKM 2025, arXiv:2507.15551. Implements
 * the dense model: tokens, token mixing without parameters, and a feed-forward network for each token.
 *
 * Tokens are pieces of the embeddings in the order of the fields, so that a schema groups fields that belong together. A
 * history takes part as a field, with a combiner. The mixture of experts is left out.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { dense, embedding, flatten, mixerBlock, scale, sumPlaces, tokenize } from "../src/layers/mod.ts";

/** Options of RankMixer. */
export interface RankmixerOptions {
  /** Width of an embedding. @default {16} */
  dim?: number;
  /** Tokens T that the embeddings are cut into. @default {8} */
  tokens?: number;
  /** Width of a token, a multiple of T. @default {64} */
  width?: number;
  /** Mixing layers. @default {2} */
  layers?: number;
  /** Width of the hidden layer of a token's feed-forward network. @default {4 times the width} */
  feedForward?: number;
}

/** Defines RankMixer: logit = w . mean_t x_L,t + b with s = LN(mix(x) + x), x_{l+1} = LN(FFN_t(s) + s). */
export const rankmixer: DefinitionFactory<RankmixerOptions> = defineModel(
  "rankmixer",
  (x, options: RankmixerOptions) => {
    const { dim = 16, tokens = 8, width = 64, layers = 2, feedForward } = options;
    let h = tokenize(flatten(embedding(x, dim)), { tokens, width }); // [B, T, M]
    for (let layer = 0; layer < layers; layer++) h = mixerBlock(h, { feedForward });
    return dense(scale(sumPlaces(h), 1 / tokens), 1, { name: "top" }); // logits [B, 1]
  },
);
