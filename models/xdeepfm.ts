/**
 * xDeepFM.
 *
 * J. Lian, X. Zhou, F. Zhang, Z. Chen, X. Xie, G. Sun: xDeepFM: Combining Explicit and Implicit Feature Interactions for
 * Recommender Systems. KDD 2018, arXiv:1803.05170. Implements equations 6 to 9. Feature maps have biases; they are
 * linear and all of them go to the next layer and to the output, as the paper's formulas say; its code's ReLU and halves
 * are options.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, cinLogit, embedding, flatten, linear, mlp } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of xDeepFM. */
export interface XDeepFMOptions extends DnnOptions {
  /** Feature maps of each layer of the compressed interaction network. @default {[128, 128]} */
  cin?: readonly number[];
  /** Activation of feature maps. @default {"none"} */
  cinActivation?: "none" | "relu";
  /** Whether half of each layer's maps go to the next layer only, the others to the output. @default {false} */
  splitHalf?: boolean;
  /** Whether the interaction network's output has a bias of its own. @default {true} */
  cinBias?: boolean;
}

/** Defines xDeepFM: logit = sum_f w_f + CIN(e_1, ..., e_F) + MLP([e_1, ..., e_F]); without hidden layers no MLP. */
export const xdeepfm: DefinitionFactory<XDeepFMOptions> = defineModel("xdeepfm", (x, options: XDeepFMOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  const { cin = [128, 128], cinActivation = "none", splitHalf = false, cinBias = true } = options;
  const e = embedding(x, dim); // [B, F, D]
  const explicit = cinLogit(e, cin, { activation: cinActivation, splitHalf, bias: cinBias }); // [B, 1]
  const shallow = add(linear(x, { bias: false }), explicit);
  if (hidden.length === 0) return shallow;
  return add(shallow, mlp(flatten(e), [...hidden, 1], { dropout, batchNorm })); // logits [B, 1]
});
