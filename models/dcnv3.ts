/**
 * DCNv3, later called FCN.
 *
 * H. Li, Y. Zhang, Y. Zhang, H. Li, L. Sang, J. Zhu: DCNv3: Towards Next Generation Deep Cross Network for Click-Through
 * Rate Prediction. 2024, arXiv:2407.13349. Implements the exponential and the linear cross network with one head, and the
 * loss with both. As in the paper the weights of the loss are constants; the authors' code differentiates them too.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { crossNetMasked, dense, embedding, supervisedMean } from "../src/layers/mod.ts";

/** Options of {@linkcode dcnv3}. */
export interface Dcnv3Options {
  /** Width D of an embedding, even. @default {16} */
  dim?: number;
  /** Layers of the exponential network. @default {4} */
  deepLayers?: number;
  /** Layers of the linear network. @default {4} */
  shallowLayers?: number;
  /** Probability of zeroing a number behind a layer of the exponential network in training. @default {0} */
  deepDropout?: number;
  /** Probability of zeroing a number behind a layer of the linear network in training. @default {0} */
  shallowDropout?: number;
  /** Whether masks are layer-normalized. @default {true} */
  layerNorm?: boolean;
}

/** Defines DCNv3: the mean of two logits w . x_L + b with x_{l+1} = x * ([c, c * relu(LN(c))] + b_l) + x_l, x = x_l or x_0. */
export const dcnv3: DefinitionFactory<Dcnv3Options> = defineModel("dcnv3", (x, options: Dcnv3Options) => {
  const { dim = 16, deepLayers = 4, shallowLayers = 4, deepDropout = 0, shallowDropout = 0, layerNorm } = options;
  const e = embedding(x, dim); // [B, F, D]
  const deep = { name: "ecn", layers: deepLayers, exponential: true, dropout: deepDropout, layerNorm };
  const shallow = { name: "lcn", layers: shallowLayers, dropout: shallowDropout, layerNorm };
  const yDeep = dense(crossNetMasked(e, deep), 1, { name: "top_deep" });
  const yShallow = dense(crossNetMasked(e, shallow), 1, { name: "top_shallow" });
  return supervisedMean(yDeep, yShallow, x.targets); // logits [B, 1]
});
