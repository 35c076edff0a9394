/**
 * Recipes of regression, factorization machines, networks over embeddings, and both together.
 *
 * @module
 */
import { afm, deepfm, dnn, ffm, fm, fmfm, fwfm, hofm, lr, nfm, pnn, wideDeep } from "../../../models/mod.ts";
import type { Recipe } from "../recipe.ts";
import { all, DIM, embeddingsOnly, NORMED, WIDE } from "./settings.ts";

/** Recipes by name, in the order in which they are trained and printed. */
export const FACTORIZATION: Readonly<Record<string, Recipe>> = {
  lr: {
    title: "LR",
    definition: lr(),
    l2: all(1e-5),
    parameters: 5_390,
    published: { auc: 0.935584, logloss: 0.307643 },
  },
  fm: {
    title: "FM",
    definition: fm({ dim: DIM }),
    l2: all(5e-6),
    parameters: 59_280,
    published: { auc: 0.967108, logloss: 0.206515 },
  },
  ffm: {
    title: "FFM",
    definition: ffm({ dim: DIM }),
    l2: all(1e-6),
    parameters: 490_400,
    published: { auc: 0.978620, logloss: 0.186032 },
  },
  fwfm: {
    title: "FwFM",
    definition: fwfm({ dim: DIM, linearType: "FeLV" }),
    l2: all(5e-6),
    parameters: 107_826,
    published: { auc: 0.977585, logloss: 0.202971 },
  },
  fmfm: {
    title: "FmFM",
    definition: fmfm({ dim: DIM, interaction: "vectorized" }),
    l2: all(1e-5),
    epochs: 200,
    parameters: 59_730,
    published: { auc: 0.974947, logloss: 0.200439 },
  },
  hofm: {
    title: "HOFM",
    definition: hofm({ dim: DIM }),
    l2: all(1e-6),
    epochs: 200,
    parameters: 113_170,
    published: { auc: 0.974228, logloss: 0.207269 },
  },
  afm: {
    title: "AFM",
    definition: afm({ dim: DIM, attentionDim: 128, attentionDropout: [0.1, 0.1] }),
    l2: embeddingsOnly(1e-5),
    parameters: 60_826,
    published: { auc: 0.969733, logloss: 0.226424 },
  },
  nfm: {
    title: "NFM",
    definition: nfm({ ...WIDE, dropout: 0.4 }),
    l2: embeddingsOnly(1e-4),
    epochs: 200,
    parameters: 384_880,
    published: { auc: 0.980409, logloss: 0.205795 },
  },
  dnn: {
    title: "DNN",
    definition: dnn({ ...NORMED, dropout: 0.2 }),
    l2: embeddingsOnly(0.05),
    // The published count, 781,892, has the perceptron twice.
    parameters: 417_891,
    published: {
      auc: 0.983323,
      logloss: 0.162229,
      aucSpread: [0.98404, 0.00051],
      loglossSpread: [0.1584, 0.0022],
    },
  },
  wide_deep: {
    title: "Wide&Deep",
    definition: wideDeep({ ...NORMED, dropout: 0.6 }),
    l2: embeddingsOnly(0.1),
    parameters: 423_280,
    published: {
      auc: 0.984124,
      logloss: 0.148974,
      aucSpread: [0.98307, 0.00079],
      loglossSpread: [0.1540, 0.0032],
    },
  },
  ipnn: {
    title: "IPNN",
    definition: pnn({ ...WIDE, dropout: 0.3 }),
    l2: embeddingsOnly(0.05),
    patience: 3,
    parameters: 433_491,
    published: { auc: 0.984122, logloss: 0.154003 },
  },
  deepfm: {
    title: "DeepFM",
    definition: deepfm({ ...NORMED, dropout: 0.2 }),
    l2: embeddingsOnly(0.05),
    // One more than published: the first-order term has a bias.
    parameters: 423_280 + 1,
    published: {
      auc: 0.984243,
      logloss: 0.148174,
      aucSpread: [0.98395, 0.00016],
      loglossSpread: [0.1495, 0.0018],
    },
  },
};
