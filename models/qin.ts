/**
 * Quadratic interest network.
 *
 * H. Li, H. Li, J. Zhang, Y. Zhang, Z. Yu, L. Sang, Y. Zhang: Quadratic Interest Network for Multimodal Click-Through Rate
 * Prediction. WWW 2025, arXiv:2504.17699. Implements adaptive sparse target attention and the quadratic neural network.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, dense, embeddings, flatten, quadraticBlock, sparseTargetAttention } from "../src/layers/mod.ts";

/** Options of QIN. */
export interface QinOptions {
  /** Width of an embedding. @default {16} */
  dim?: number;
  /** Quadratic layers. @default {3} */
  layers?: number;
  /** Products that are added up for each column of a quadratic layer. @default {2} */
  rows?: number;
  /** Probability of zeroing a number in training. @default {0} */
  dropout?: number;
  /** Whether quadratic layers are batch-normalized before their activation. @default {false} */
  batchNorm?: boolean;
}

/** Defines QIN: logit = w . x_L + b with x_0 = [e, q + O Σ_t relu(<Q q, K k_t> / √A) V k_t] and quadratic layers. */
export const qin: DefinitionFactory<QinOptions> = defineModel(
  "qin",
  (x, { dim = 16, layers = 3, rows = 2, dropout = 0, batchNorm = false }: QinOptions) => {
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = histories.map((history) => sparseTargetAttention(history)); // [B, M D]
    const x0 = concat(flatten(fields), ...interests);
    return dense(quadraticBlock(x0, { layers, rows, dropout, batchNorm }), 1, { name: "top" }); // logits [B, 1]
  },
  { readsHistories: true },
);
