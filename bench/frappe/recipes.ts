/**
 * Which models are trained on Frappe, with which settings, and what the public benchmark published for them.
 *
 * Settings, metrics of the single run and of five seeds are those of BARS's Frappe_x1; its training file has other
 * negatives than the one used here.
 *
 * @module
 */
import type { L2 } from "../../src/store.ts";
import {
  afm,
  afn,
  autoint,
  dcn,
  dcnv2,
  deepfm,
  dlrm,
  dnn,
  edcn,
  ffm,
  fibinet,
  finalmlp,
  finalnet,
  fm,
  fmfm,
  fwfm,
  hofm,
  lr,
  masknet,
  nfm,
  pnn,
  wideDeep,
  xdeepfm,
} from "../../models/mod.ts";
import type { Recipe } from "./recipe.ts";

const DIM = 10;
const HIDDEN = [400, 400, 400];
const WIDE = { dim: DIM, hidden: HIDDEN };
const NORMED = { ...WIDE, batchNorm: true };

/** Strength for tables only. */
function embeddingsOnly(embedding: number): L2 {
  return { embedding };
}

/** One strength for all parameters. */
function all(strength: number): L2 {
  return { embedding: strength, net: strength };
}

/** Recipes by name, in the order in which they are trained and printed. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
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
  crossnet: {
    title: "CrossNet",
    definition: dcn({ dim: DIM, hidden: [], layers: 6 }),
    l2: embeddingsOnly(1e-4),
    parameters: 55_191,
    published: { auc: 0.959427, logloss: 0.271483 },
  },
  dcn: {
    title: "DCN",
    definition: dcn({ ...NORMED, dropout: 0.2, layers: 3 }),
    l2: embeddingsOnly(0.05),
    parameters: 418_591,
    published: {
      auc: 0.983907,
      logloss: 0.152660,
      aucSpread: [0.98342, 0.00031],
      loglossSpread: [0.1507, 0.0023],
    },
  },
  crossnetv2: {
    title: "CrossNet-V2",
    definition: dcnv2({ dim: DIM, hidden: [], layers: 4 }),
    l2: embeddingsOnly(1e-3),
    parameters: 94_391,
    published: { auc: 0.972914, logloss: 0.221563 },
  },
  dcnv2: {
    title: "DCN-V2",
    definition: dcnv2({ ...NORMED, dropout: 0.4, layers: 4 }),
    l2: embeddingsOnly(0.05),
    parameters: 458_391,
    published: {
      auc: 0.984478,
      logloss: 0.149149,
      aucSpread: [0.98382, 0.00043],
      loglossSpread: [0.1520, 0.0021],
    },
  },
  edcn: {
    title: "EDCN",
    definition: edcn({ dim: DIM, layers: 3, temperature: 5, batchNorm: true, dropout: 0.3 }),
    l2: embeddingsOnly(0.05),
    parameters: 86_351,
    published: { auc: 0.985012, logloss: 0.154740 },
  },
  cin: {
    title: "CIN",
    definition: xdeepfm({ dim: DIM, hidden: [], cin: [64, 64, 64] }),
    l2: embeddingsOnly(5e-4),
    parameters: 147_984,
    published: { auc: 0.978241, logloss: 0.235220 },
  },
  xdeepfm: {
    title: "xDeepFM",
    definition: xdeepfm({ ...NORMED, dropout: 0.2, cin: [64] }),
    l2: embeddingsOnly(0.1),
    parameters: 429_809,
    published: {
      auc: 0.984507,
      logloss: 0.146604,
      aucSpread: [0.98414, 0.00037],
      loglossSpread: [0.1461, 0.0021],
    },
  },
  autoint: {
    title: "AutoInt",
    definition: autoint({ dim: DIM, layers: 6, heads: 4, width: 128 }),
    l2: embeddingsOnly(0.05),
    parameters: 306_051,
    published: { auc: 0.983085, logloss: 0.163684 },
  },
  autoint_plus: {
    title: "AutoInt+",
    definition: autoint({ ...NORMED, dropout: 0.1, layers: 5, heads: 4, width: 128, layerNorm: true, scale: true }),
    l2: embeddingsOnly(0.1),
    parameters: 622_180,
    published: { auc: 0.984812, logloss: 0.149007 },
  },
  fibinet: {
    title: "FiBiNET",
    definition: fibinet({ ...NORMED, dropout: 0.3, bilinear: "all", shareBilinear: true, reductionRatio: 2 }),
    l2: embeddingsOnly(0.05),
    parameters: 743_480,
    published: { auc: 0.983182, logloss: 0.194074 },
  },
  afn: {
    title: "AFN",
    definition: afn({ dim: DIM, neurons: 1000, hidden: [400], dropout: 0.4 }),
    l2: embeddingsOnly(1e-3),
    parameters: 4_066_711,
    published: { auc: 0.981099, logloss: 0.233090 },
  },
  afn_plus: {
    title: "AFN+",
    definition: afn({ dim: DIM, neurons: 1000, hidden: [400], dropout: 0.4, deep: HIDDEN, deepDropout: 0.2 }),
    l2: embeddingsOnly(1e-3),
    parameters: 4_482_205,
    published: {
      auc: 0.982563,
      logloss: 0.213933,
      aucSpread: [0.98018, 0.00135],
      loglossSpread: [0.2271, 0.0094],
    },
  },
  masknet: {
    title: "MaskNet",
    definition: masknet({ ...WIDE, dropout: 0.1, blocks: 3, width: 50, ratio: 2, embeddingNorm: false }),
    l2: embeddingsOnly(0.1),
    parameters: 571_691,
    published: { auc: 0.983683, logloss: 0.169580 },
  },
  dlrm: {
    title: "DLRM",
    definition: dlrm({ ...NORMED, dropout: 0.4, interaction: "cat" }),
    l2: embeddingsOnly(0.1),
    parameters: 417_891,
    published: { auc: 0.983995, logloss: 0.144441 },
  },
  finalmlp: {
    title: "FinalMLP",
    definition: finalmlp({
      dim: DIM,
      hidden1: [400],
      hidden2: [100],
      heads: 5,
      context1: ["user"],
      context2: ["item"],
      gateHidden: [400],
      dropout: 0.4,
      batchNorm: true,
    }),
    l2: embeddingsOnly(0.05),
    // The published count, 253,392, has a padding row in each of the twelve tables.
    parameters: 253_392 - 12 * DIM,
    published: { auc: 0.986072, logloss: 0.148415 },
  },
  finalnet_1b: {
    title: "FinalNet-1B",
    definition: finalnet({ dim: DIM, dropout: 0.2, hidden1: [400, 400], hidden2: [], gate: false }),
    l2: embeddingsOnly(0.1),
    // The published count, 256,791, has a padding row in each of the ten tables.
    parameters: 256_791 - 10 * DIM,
    published: { auc: 0.985223, logloss: 0.136554 },
  },
  finalnet_2b: {
    title: "FinalNet-2B",
    definition: finalnet({ dim: DIM, dropout: 0.1, hidden1: [400, 400], hidden2: [400] }),
    l2: embeddingsOnly(0.1),
    // The published count, 338,502, has a padding row in each of the ten tables.
    parameters: 338_502 - 10 * DIM,
    published: { auc: 0.985744, logloss: 0.131070 },
  },
};
