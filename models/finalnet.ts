/**
 * FinalNet.
 *
 * J. Zhu, Q. Jia, G. Cai, Q. Dai, J. Li, Z. Dong, R. Tang, R. Zhang: FINAL: Factorized Interaction Layer for CTR
 * Prediction. SIGIR 2023. Implements equations 3 to 8 with one block, or with two that learn from each other.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { dense, distilledMean, embedding, factorizedBlock, type FactorizeKind } from "../src/layers/mod.ts";
import { fieldGate, flatten, type LayerActivation } from "../src/layers/mod.ts";

/** Options of {@linkcode finalnet}. */
export interface FinalnetOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the first block's layers. @default {[400, 400]} */
  hidden1?: readonly number[];
  /** Widths of the second block's layers; there is no second block without any. @default {[400]} */
  hidden2?: readonly number[];
  /** Activation of the first block's layers. @default {"relu"} */
  activation1?: LayerActivation;
  /** Activation of the second block's layers. @default {"relu"} */
  activation2?: LayerActivation;
  /** Whether the first block sees gated fields besides the fields. @default {true} */
  gate?: boolean;
  /** What follows a layer's product of halves. @default {"join"} */
  residual?: FactorizeKind;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized. @default {true} */
  batchNorm?: boolean;
}

/** Defines FinalNet: logit = w . h_L + b, or the mean of two such, with h = [a, a' * a] and [a, a'] = W h + b. */
export const finalnet: DefinitionFactory<FinalnetOptions> = defineModel("finalnet", (x, options: FinalnetOptions) => {
  const { dim = 16, hidden1 = [400, 400], hidden2 = [400], gate = true, residual, dropout, batchNorm } = options;
  const { activation1, activation2 } = options;
  const e = embedding(x, dim); // [B, F, D]
  const settings = { residual, dropout, batchNorm };
  const h1 = factorizedBlock(gate ? fieldGate(e) : flatten(e), hidden1, {
    name: "block1",
    activation: activation1,
    ...settings,
  });
  const y1 = dense(h1, 1, { name: "top1" });
  if (hidden2.length === 0) return y1; // logits [B, 1]
  const h2 = factorizedBlock(flatten(e), hidden2, { name: "block2", activation: activation2, ...settings });
  return distilledMean(y1, dense(h2, 1, { name: "top2" })); // logits [B, 1]
});
