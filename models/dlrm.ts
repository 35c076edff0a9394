/**
 * Deep learning recommendation model.
 *
 * M. Naumov et al.: Deep Learning Recommendation Model for Personalization and Recommendation Systems. 2019,
 * arXiv:1906.00091. Implements section 2.1: a perceptron turns the numbers into one more vector, pairs of vectors are
 * multiplied, and a second perceptron reads the products.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  concat,
  embedding,
  flatten,
  innerProduct,
  mlp,
  numbers,
  reshape,
  selectFields,
  type Tensor,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode dlrm}. */
export interface DlrmOptions extends DnnOptions {
  /** Widths of the perceptron over numeric features, without its last layer, which is `dim` wide. @default {[512, 256]} */
  bottom?: readonly number[];
  /** Whether the top perceptron reads the products of all pairs of vectors, or the vectors. @default {"dot"} */
  interaction?: "dot" | "cat";
}

/** Defines DLRM: logit = MLP([z, <v_i, v_j> for i < j]) over v = z, e_1, ..., e_F with z = MLP(numbers). */
export const dlrm: DefinitionFactory<DlrmOptions> = defineModel("dlrm", (x, options: DlrmOptions) => {
  const { dim = 16, bottom = [512, 256], hidden = [400, 400, 400], dropout = 0, batchNorm = false } = options;
  const names = (numeric: boolean) =>
    x.fields.filter(({ kind }) => (kind === "numeric") === numeric).map(({ name }) => name);
  const vectors: Tensor[] = [];
  const dense: Tensor[] = [];
  if (names(true).length > 0) {
    const z = mlp(numbers(x, names(true)), [...bottom, dim], { name: "bottom", dropout, batchNorm, hiddenOnly: true });
    dense.push(z);
    vectors.push(z);
  }
  if (names(false).length > 0) {
    vectors.push(flatten(embedding(dense.length > 0 ? selectFields(x, names(false)) : x, dim)));
  }
  const all = concat(...vectors); // [B, V D]
  const count = names(false).length + dense.length;
  const crossed = options.interaction === "cat" ? all : concat(...dense, innerProduct(reshape(all, ["B", count, dim]))); // [B, D + V (V - 1) / 2]
  return mlp(crossed, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
});
