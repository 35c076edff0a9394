/**
 * Field-leveraged embedding network.
 *
 * W. Chen, L. Zhan, Y. Ci, M. Yang, C. Lin, D. Liu: FLEN: Leveraging Field for Scalable CTR Prediction. DLP-KDD 2020,
 * arXiv:1911.04690. Implements the field-wise bi-interaction beside a perceptron, as FuxiCTR has it: without
 * DiceFactor dropout. What the paper calls fields are the groups here.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  concat,
  dense,
  embedding,
  evenGroups,
  fieldGroups,
  fieldwiseInteraction,
  flatten,
  linear,
  mlp,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of FLEN. */
export interface FlenOptions extends DnnOptions {
  /** Features of each group, such as user, item and context. @default three groups of neighbors */
  groups?: readonly (readonly string[])[];
}

/** Defines FLEN: logit = w . [relu(W [b + sum_f w_f, sum r_ac s_a * s_c + sum r_a p_a]), MLP(e)]. */
export const flen: DefinitionFactory<FlenOptions> = defineModel("flen", (x, options: FlenOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  const groups = options.groups ?? evenGroups(x, Math.min(3, x.fields.length));
  const e = embedding(x, dim); // [B, F, D]
  const crossed = concat(linear(x), fieldwiseInteraction(fieldGroups(x, e, groups))); // [B, D + 1]
  const wide = dense(crossed, dim + 1, { name: "bi", bias: false, activation: "relu" });
  const deep = mlp(flatten(e), hidden, { dropout, batchNorm, hiddenOnly: true });
  return dense(concat(wide, deep), 1, { name: "top", bias: false }); // logits [B, 1]
});
