/**
 * Layers over pairs of fields whose weights belong to the pair.
 *
 * @module
 */
import { normal, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { rowDot, subtract } from "../ops/dense/arithmetic.ts";
import { addBias } from "../ops/dense/bias.ts";
import { matmul } from "../ops/dense/matmul.ts";
import { biInteraction } from "../ops/interaction/bi_interaction.ts";
import { circulant, type CircularKind } from "../ops/interaction/circular.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { fieldsBefore, fieldSum } from "../ops/interaction/field_sums.ts";
import { fm } from "../ops/interaction/fm.ts";
import { hyperboloid } from "../ops/interaction/hyperboloid.ts";
import { innerProduct, pairSum } from "../ops/interaction/inner_product.ts";
import { matrixProduct, matrixSum } from "../ops/interaction/pair_matrix.ts";
import { pairElements } from "../ops/interaction/pair_elements.ts";
import { fieldSizes, pairSizes } from "../ops/interaction/pairs.ts";
import { concat } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";

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

/**
 * Sums the triangle errors of all pairs of fields in Lorentz space:
 * y[b] = sum_{i<j} 1 + (1 - <e_i, e_j> - z_i - z_j) / (z_i z_j) with z = sqrt(1 + |e|^2).
 *
 * A summand is (1 - 1 / z_i) (1 - 1 / z_j) - <e_i / z_i, e_j / z_j>, so that the sum takes one pass over the fields and
 * does not cancel. Xu and Wu: Lorentzian Factorization Machine. AAAI 2020.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 */
export function lorentzInteraction(e: Tensor): Tensor {
  const { space, time } = hyperboloid(e);
  return subtract(fm(time), fm(space));
}

/** Options of {@linkcode holographicSum}. */
export interface HolographicOptions {
  /** Name of the weights' prefix. @default {"hfm"} */
  name?: string;
  /** How two fields are joined. @default {"correlation"} */
  kind?: CircularKind;
}

/**
 * Sums the circular products of all pairs of fields by a learned vector: y[b] = w . sum_{i<j} e_i (circular) e_j.
 *
 * That is sum_{i<j} e_i C e_j^T with the circulant matrix C of w, which takes one pass over the fields. Tay et al.:
 * Holographic Factorization Machines. AAAI 2019.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 */
export function holographicSum(e: Tensor, options: HolographicOptions = {}): Tensor {
  const { name = "hfm", kind = "correlation" } = options;
  const { dim } = fieldSizes("holographicSum", e);
  const w = e.graph.parameter(`${e.graph.uniqueName(name)}.weight`, [dim, 1], xavierNormal());
  return rowDot(fieldsBefore(matmul(e, circulant(reshape(w, [dim]), kind))), e);
}

/** Options of {@linkcode fieldwiseInteraction}. */
export interface FieldwiseOptions {
  /** Name of the strengths' prefix. @default {"fieldwise"} */
  name?: string;
}

/**
 * Weights products between groups of fields and within them: y = sum_{a<c} r_ac s_a * s_c + sum_a r_a p_a with s_a the sum
 * of a group's fields and p_a the sum of the products of its pairs.
 *
 * Chen et al.: FLEN. DLP-KDD 2020.
 *
 * @param groups embeddings of each group's fields `[B, F_a, D]`
 * @returns `[B, D]`
 */
export function fieldwiseInteraction(groups: readonly Tensor[], options: FieldwiseOptions = {}): Tensor {
  const [{ graph }] = groups;
  const name = graph.uniqueName(options.name ?? "fieldwise");
  const { dim } = fieldSizes("fieldwiseInteraction", groups[0]);
  const weigh = (kind: string, parts: Tensor, count: number): Tensor => {
    const strengths = graph.parameter(`${name}.${kind}.weight`, [count, 1], xavierNormal());
    return flatten(fieldDense(reshape(parts, ["B", count, dim]), strengths));
  };
  const within = weigh("within", concat(...groups.map(biInteraction)), groups.length);
  if (groups.length === 1) return within;
  const sums = reshape(concat(...groups.map((group) => flatten(fieldSum(group)))), ["B", groups.length, dim]);
  return add(weigh("between", pairElements(sums, sums), pairSizes("fieldwiseInteraction", sums).pairs), within);
}
