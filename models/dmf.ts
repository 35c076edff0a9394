/**
 * Decoupled multimodal fusion: how like the target earlier items are by given vectors, as side information of an attention
 * between embeddings and as an interest of its own.
 *
 * Fan, H. Li, Lu, Yuan and J. Zhang: Decoupled Multimodal Fusion for User Interest Modeling in Click-Through Rate Prediction.
 * 2025, arXiv:2510.11066. Implements decoupled target attention and, for complementary modality modeling, the weighted sum
 * of the two interests.
 *
 * What the paper's summaries leave open is inferred: buckets of one width, the same ones for attention and histogram; one
 * hidden layer for each interest; weights without bias. Given vectors are the table `modal`, which is random until it is
 * set and is never trained.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  add,
  concat,
  decoupledTargetAttention,
  embeddings,
  flatten,
  likenessBuckets,
  likenessHistogram,
  mlp,
  normal,
  scale,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DMF. */
export interface DmfOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[256, 128, 64]} */
  hidden?: readonly number[];
  /** Width of a given vector: columns of the table `modal`. @default {16} */
  modalDim?: number;
  /** Buckets of the likeness. @default {35} */
  buckets?: number;
  /** Width of queries, keys and values of the attention. @default {64} */
  units?: number;
  /** Width of an interest. @default {64} */
  interest?: number;
  /** Share of the attention's interest; that of the histogram has the rest. @default {0.5} */
  share?: number;
}

/** Defines DMF: logit = MLP([e_1, ..., e_F, s MLP(attention) + (1 - s) MLP(histogram of likeness)]). */
export const dmf: DefinitionFactory<DmfOptions> = defineModel(
  "dmf",
  (x, options: DmfOptions) => {
    const { dim = 16, hidden = [256, 128, 64], dropout = 0, batchNorm = false } = options;
    const { modalDim = 16, buckets: count = 35, units = 64, interest = 64, share = 0.5 } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const modal = embeddings(x, modalDim, { name: "modal", initializer: normal(1) });
    const interests = histories.map((history, i) => {
      const buckets = likenessBuckets(modal.histories[i], count);
      const enriched = decoupledTargetAttention(history, buckets, { units }); // [B, A]
      const network = { dropout, hiddenOnly: true };
      const ofItems = mlp(enriched, [interest], { name: "enriched", ...network }); // [B, I]
      const ofModality = mlp(likenessHistogram(buckets), [interest], { name: "centric", ...network }); // [B, I]
      return add(scale(ofItems, share), scale(ofModality, 1 - share));
    });
    return mlp(concat(flatten(fields), ...interests), [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
  { readsHistories: true },
);
