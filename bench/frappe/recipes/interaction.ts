/**
 * Recipes of crosses, attention, bilinear products, masks and gates.
 *
 * @module
 */
import {
  afn,
  autoint,
  dcn,
  dcnv2,
  dlrm,
  edcn,
  fibinet,
  finalmlp,
  finalnet,
  masknet,
  xdeepfm,
} from "../../../models/mod.ts";
import type { Recipe } from "../recipe.ts";
import { DIM, embeddingsOnly, HIDDEN, NORMED, WIDE } from "./settings.ts";

/** Recipes by name, in the order in which they are trained and printed. */
export const INTERACTION: Readonly<Record<string, Recipe>> = {
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
