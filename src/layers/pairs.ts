/**
 * Layers over pairs of fields whose weights belong to the pair.
 *
 * @module
 */
import { normal, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addBias } from "../ops/dense/bias.ts";
import { innerProduct, pairSum } from "../ops/interaction/inner_product.ts";
import { matrixProduct, matrixSum } from "../ops/interaction/pair_matrix.ts";
import { pairSizes } from "../ops/interaction/pairs.ts";

/** How a pair's outer product is compressed to a number: by a matrix, a vector or a number of the pair's own. */
export type OuterKernel = "mat" | "vec" | "num";

/** Options of {@linkcode outerProduct}. */
export interface OuterProductOptions {
  /** Name of the kernel's prefix. @default {"outer"} */
  name?: string;
  /** Kind of kernel. @default {"mat"} */
  kernel?: OuterKernel;
}

/**
 * Compresses the outer product of each pair of fields by a kernel of its own: o[b, p] = sum_{c, d} W_p[c, d] e_i[c] e_j[d].
 *
 * A vector kernel keeps the diagonal of W_p only, a number kernel a multiple of the unit matrix.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, F (F - 1) / 2]`
 * @throws {RangeError} when there are less than two fields
 */
export function outerProduct(e: Tensor, { name = "outer", kernel = "mat" }: OuterProductOptions = {}): Tensor {
  const { dim, pairs } = pairSizes("outerProduct", e);
  const label = `${e.graph.uniqueName(name)}.kernel`;
  if (kernel === "mat") return matrixProduct(e, e.graph.parameter(label, [pairs, dim, dim], normal(dim ** -0.5)));
  return innerProduct(e, e.graph.parameter(label, [pairs, kernel === "vec" ? dim : 1], xavierNormal()));
}

/**
 * Sums the inner products of all pairs of fields by learned strengths: y[b] = b_0 + sum_{i<j} r_ij <e_i, e_j>.
 *
 * Exposes r as `field_strengths` `[F (F - 1) / 2, 1]`. Pan et al.: Field-weighted Factorization Machines for Click-Through
 * Rate Prediction in Display Advertising. WWW 2018, equation 6.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 * @throws {RangeError} when there are less than two fields
 */
export function fwfmInteraction(e: Tensor, options: { name?: string } = {}): Tensor {
  const { graph } = e;
  const name = graph.uniqueName(options.name ?? "fwfm");
  const strengths = graph.parameter(`${name}.weight`, [pairSizes("fwfm", e).pairs, 1], xavierNormal());
  graph.expose("field_strengths", strengths);
  return addBias(pairSum(e, strengths), graph.parameter(`${name}.bias`, [1], zeros()));
}

/** Options of {@linkcode fmfm}. */
export interface FmfmLayerOptions {
  /** Name of the weights' prefix. @default {"fmfm"} */
  name?: string;
  /** Whether a pair is joined by a full matrix or by its diagonal alone. @default {"matrixed"} */
  interaction?: "matrixed" | "vectorized";
}

/**
 * Sums the products of all pairs of fields through matrices of their own: y[b] = sum_{i<j} e_i M_ij e_j^T.
 *
 * Sun, Pan, Zhang, Flores: FM^2: Field-matrixed Factorization Machines for Recommender Systems. WWW 2021, equation 8.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 * @throws {RangeError} when there are less than two fields
 */
export function fmfmInteraction(e: Tensor, { name = "fmfm", interaction = "matrixed" }: FmfmLayerOptions = {}): Tensor {
  const { dim, pairs } = pairSizes("fmfm", e);
  const label = `${e.graph.uniqueName(name)}.weight`;
  if (interaction === "vectorized") return pairSum(e, e.graph.parameter(label, [pairs, dim], xavierNormal()));
  return matrixSum(e, e.graph.parameter(label, [pairs, dim, dim], normal(dim ** -0.5)));
}
