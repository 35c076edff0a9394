/**
 * EulerNet.
 *
 * Z. Tian, T. Bai, W. X. Zhao, J.-R. Wen, Z. Cao: EulerNet: Adaptive Feature Interaction Learning via Euler's Formula for
 * CTR Prediction. SIGIR 2023, arXiv:2304.10711. Implements complex embeddings, Euler layers and complex regression.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, complexFields, dense, embedding, eulerLayer, flatten, share, type Tensor } from "../src/layers/mod.ts";

/** Options of {@linkcode eulernet}. */
export interface EulernetOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Products of powers in each layer. @default {[52]} */
  neurons?: readonly number[];
  /** Whether a layer's rows are layer-normalized. @default {true} */
  layerNorm?: boolean;
}

/** Defines EulerNet: logit = w . re z_L + w . im z_L + 2 b with z_0 = m_f exp(i e_f), z_{l+1} = prod_f z_f^(a_f) + relu(W z_l). */
export const eulernet: DefinitionFactory<EulernetOptions> = defineModel("eulernet", (x, options: EulernetOptions) => {
  const { dim = 16, neurons = [52], layerNorm } = options;
  let z = complexFields(embedding(x, dim)); // [B, F, D]
  neurons.forEach((rows, l) => z = eulerLayer(z, rows, { name: `euler.${l}`, layerNorm })); // [B, N, D]
  const regression = share((part: Tensor) => dense(flatten(part), 1, { name: "top" }));
  return add(regression(z.re), regression(z.im)); // logits [B, 1]
});
