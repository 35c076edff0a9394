/**
 * FinalMLP.
 *
 * K. Mao, J. Zhu, L. Su, G. Cai, Y. Li, Z. Dong: FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction.
 * AAAI 2023, arXiv:2304.00902. Implements equations 8 to 13.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { bilinearFusion, embedding, featureGate, flatten, mlp } from "../src/layers/mod.ts";

/** Options of {@linkcode finalmlp}. */
export interface FinalmlpOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the first stream's layers. @default {[400, 400, 400]} */
  hidden1?: readonly number[];
  /** Widths of the second stream's layers. @default {[400, 400, 400]} */
  hidden2?: readonly number[];
  /** Heads of the fusion, a divisor of both streams' last widths. @default {1} */
  heads?: number;
  /** Whether features are gated. @default {true} */
  gates?: boolean;
  /** Features that the first stream's gate is computed from; a learned vector when there are none. @default {[]} */
  context1?: readonly string[];
  /** Features that the second stream's gate is computed from. @default {[]} */
  context2?: readonly string[];
  /** Widths of the gates' hidden layers. @default {[400]} */
  gateHidden?: readonly number[];
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/** Defines FinalMLP: logit = w_a . a + w_b . b + sum_h a_h W_h b_h with a = MLP(e * g_1) and b = MLP(e * g_2). */
export const finalmlp: DefinitionFactory<FinalmlpOptions> = defineModel("finalmlp", (x, options: FinalmlpOptions) => {
  const { dim = 16, hidden1 = [400, 400, 400], hidden2 = [400, 400, 400], heads = 1, gates = true } = options;
  const { dropout = 0, batchNorm = false, gateHidden: hidden = [400] } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const [x1, x2] = [options.context1, options.context2].map((context, i) =>
    gates ? featureGate(x, e, { name: `gate${i + 1}`, context, hidden, dim }) : e
  );
  const layers = { dropout, batchNorm, hiddenOnly: true };
  const a = mlp(x1, hidden1, { name: "mlp1", ...layers });
  const b = mlp(x2, hidden2, { name: "mlp2", ...layers });
  return bilinearFusion(a, b, { heads }); // logits [B, 1]
});
