/**
 * Pairs of fields weighted by how similar they are.
 *
 * @module
 */
import { ones, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { lastDot, multiply, rowDot } from "../ops/dense/arithmetic.ts";
import { batchMatmul, batchMatmulNt, batchMatmulTn } from "../ops/dense/batch_matmul.ts";
import { addBias } from "../ops/dense/bias.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { crossMatrix } from "../ops/interaction/cross_matrix.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { innerProduct } from "../ops/interaction/inner_product.ts";
import { foldPairs } from "../ops/interaction/pair_fold.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { dense } from "./mlp.ts";

/** What the similarity of a pair weights: a vector of the pair's own, or the element product of its fields. */
export type SimilarityKind = "all" | "element";

/** Options of {@linkcode similarityLogit} and {@linkcode similarityLayer}. */
export interface SimilarityOptions {
  /** Name of the parameters' prefix. @default {"sam"} */
  name?: string;
  /** What the similarities weight. @default {"element"} */
  kind?: SimilarityKind;
}

/**
 * Computes a dense layer over all pairs of fields weighted by their similarity:
 * y[b] = bias + sum_{i, j} <e_i, e_j> (t_ij . v_ij) with t_ij the layer's weights and v_ij = W_ij or e_i * e_j.
 *
 * The vectors of the pairs are never in memory: with W_ij a pair has one number t_ij . W_ij, and the element products of
 * both orders are the same. Cheng and Xue: Looking at CTR Prediction Again. SIGIR 2021.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 */
export function similarityLogit(e: Tensor, { name = "sam", kind = "element" }: SimilarityOptions = {}): Tensor {
  const { graph } = e;
  const { fields, dim } = fieldSizes("similarityLogit", e);
  const prefix = graph.uniqueName(name);
  const top = graph.parameter(`${prefix}.top.weight`, [fields * fields * dim, 1], xavierNormal());
  const bias = graph.parameter(`${prefix}.top.bias`, [1], zeros());
  const weights = reshape(top, [fields, fields, dim]);
  if (kind === "all") {
    const vectors = graph.parameter(`${prefix}.W`, [fields, fields, dim], ones());
    const strengths = reshape(lastDot(vectors, weights), [fields, fields]);
    return addBias(rowDot(fieldDense(e, strengths), e), bias);
  }
  const { pairs, diagonal } = fields > 1 ? foldPairs(weights) : { pairs: undefined, diagonal: weights };
  const squares = multiply(multiply(e, e), lastDot(e, e)); // [B, F, D]
  const own = product(flatten(squares), reshape(diagonal, [fields * dim, 1]), bias);
  return pairs ? add(rowDot(innerProduct(e), innerProduct(e, pairs)), own) : own;
}

/**
 * Attends to all fields by unnormalized similarities: y_i = sum_j <x_i, K x_j> v_ij + Q x_i with v_ij = W_ij or x_i * x_j.
 *
 * Cheng and Xue: Looking at CTR Prediction Again. SIGIR 2021.
 *
 * @param x `[B, F, D]`
 * @returns `[B, F, D]`
 */
export function similarityLayer(x: Tensor, { name = "sam", kind = "element" }: SimilarityOptions = {}): Tensor {
  const { graph } = x;
  const { fields, dim } = fieldSizes("similarityLayer", x);
  const prefix = graph.uniqueName(name);
  const keys = dense(x, dim, { name: `${prefix}.K`, bias: false }); // [B, F, D]
  const own = dense(x, dim, { name: `${prefix}.Q`, bias: false }); // [B, F, D]
  if (kind === "element") {
    // sum_j <x_i, k_j> x_j = x_i (sum_j k_j^T x_j), a D x D matrix of the sample.
    return crossMatrix(x, own, batchMatmul(x, batchMatmulTn(keys, x)));
  }
  const similarities = flatten(batchMatmulNt(x, keys)); // [B, F F]
  const vectors = graph.parameter(`${prefix}.W`, [fields, fields, dim], ones());
  return add(reshape(groupedMatmul(similarities, vectors), ["B", fields, dim]), own);
}
