/**
 * Parameter personalized network.
 *
 * J. Chang, C. Zhang, Y. Hui, D. Leng, Y. Niu, Y. Song, K. Gai: PEPNet: Parameter and Embedding Personalized Network for
 * Infusing with Personalized Prior Information. KDD 2023, arXiv:2302.01115. Implements the gates of PPNet for one task.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  batchNorm as normalize,
  concat,
  dense,
  dropout as drop,
  embedding,
  flatten,
  mlp,
  multiply,
  scale,
  selectFields,
  stopGradient,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of PPNet. */
export interface PpnetOptions extends DnnOptions {
  /** Features, such as user and item, that gates know by embeddings of their own. @default {[]} */
  priors?: readonly string[];
  /** Width of these embeddings. @default {16} */
  priorDim?: number;
  /** Width of a gate's hidden layer. @default {64} */
  gateHidden?: number;
}

/** Defines PPNet: logit = w . h_L + b with h_{l+1} = relu(W_l h_l + b_l) * 2 sigmoid(MLP_l([stop(e), priors])). */
export const ppnet: DefinitionFactory<PpnetOptions> = defineModel("ppnet", (x, options: PpnetOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  const { priors = [], priorDim = 16, gateHidden = 64 } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const sources = [stopGradient(e)];
  if (priors.length > 0) {
    sources.push(flatten(embedding(selectFields(x, priors), priorDim, { name: "gate_embedding" })));
  }
  const source = concat(...sources);
  const last = hidden.reduce((h, width, l) => {
    const z = dense(h, width, { name: `mlp.${l}` });
    const units = drop(activation(batchNorm ? normalize(z, { name: `mlp.${l}.bn` }) : z, "relu"), dropout);
    const gate = activation(mlp(source, [gateHidden, width], { name: `gate.${l}` }), "sigmoid");
    return scale(multiply(units, gate), 2);
  }, e);
  return dense(last, 1, { name: `mlp.${hidden.length}` }); // logits [B, 1]
});
