/**
 * DeepFM with adaptive parameter generation.
 *
 * B. Yan, P. Wang, K. Zhang, F. Li, H. Deng, J. Xu, B. Zheng: APG: Adaptive Parameter Generation Network for Click-Through
 * Rate Prediction. NeurIPS 2022, arXiv:2203.16218. Implements low-rank generation in the hidden layers of DeepFM; the outer
 * matrices are not factorized further, since products of them are one matrix once trained.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  add,
  batchNorm as normalize,
  dense,
  dropout as drop,
  embedding,
  fieldGroups,
  flatten,
  fmInteraction,
  generatedDense,
  linear,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of APG. */
export interface ApgOptions extends DnnOptions {
  /** Features that weights are generated from; each layer's own input when there are none. @default {[]} */
  condition?: readonly string[];
  /** Width of the generated matrices. @default {32} */
  rank?: number;
  /** Widths of the generating networks' hidden layers. @default {[]} */
  hyperHidden?: readonly number[];
  /** Whether biases are generated as well. @default {false} */
  generateBias?: boolean;
}

/** Defines APG: DeepFM whose hidden layers are relu(h U S(z) V + b) with a matrix S(z) for each sample. */
export const apg: DefinitionFactory<ApgOptions> = defineModel("apg", (x, options: ApgOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false, condition = [] } = options;
  const { rank, hyperHidden, generateBias } = options;
  const e = embedding(x, dim); // [B, F, D]
  const z = condition.length > 0 ? flatten(fieldGroups(x, e, [condition])[0]) : undefined; // [B, fields D]
  const deep = hidden.reduce((h, width, l) => {
    const name = `apg.${l}`;
    const y = generatedDense(h, z ?? h, width, { name, rank, hyperHidden, generateBias });
    return drop(activation(batchNorm ? normalize(y, { name: `${name}.bn` }) : y, "relu"), dropout);
  }, flatten(e));
  return add(linear(x), fmInteraction(e), dense(deep, 1, { name: "top" })); // logits [B, 1]
});
