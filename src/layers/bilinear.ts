/**
 * Gates of fields, bilinear products of pairs, and a network on top of them.
 *
 * @module
 */
import { normal, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addBias } from "../ops/dense/bias.ts";
import { fieldMatrix } from "../ops/interaction/field_matrix.ts";
import { matmul } from "../ops/dense/matmul.ts";
import { pairDense, type PairSource } from "../ops/interaction/pair_dense.ts";
import { pairElements } from "../ops/interaction/pair_elements.ts";
import { matrixElements } from "../ops/interaction/pair_matrix.ts";
import { fieldSizes, pairSizes } from "../ops/interaction/pairs.ts";
import { senet as gate } from "../ops/interaction/senet.ts";
import { activation, batchNorm, dense, dropout, type MlpOptions } from "./mlp.ts";

export type { PairSource } from "../ops/interaction/pair_dense.ts";

/** Which pairs share a matrix: all of them, those of one left field, or none. */
export type BilinearType = "all" | "each" | "interaction";

/** Options of {@linkcode bilinear}. */
export interface BilinearOptions {
  /** Name of the matrices' prefix. @default {"bilinear"} */
  name?: string;
  /** Which pairs share a matrix. @default {"all"} */
  type?: BilinearType;
  /** Whether the matrices are those of an earlier layer of the same name. @default {false} */
  shared?: boolean;
}

/** Options of {@linkcode senet}. */
export interface SenetOptions {
  /** Name of the weights' prefix. @default {"se"} */
  name?: string;
  /** Fields per unit of the hidden layer. @default {3} */
  reductionRatio?: number;
}

/**
 * Scales each field by a gate that depends on all fields' means: squeeze, excite and scale.
 *
 * Exposes the gates as `senet_gates` `[B, F]`. Huang, Zhang, Zhang: FiBiNET. RecSys 2019, section 3.2.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, F, D]`
 * @throws {RangeError} when `reductionRatio` is not a positive number
 */
export function senet(e: Tensor, { name = "se", reductionRatio = 3 }: SenetOptions = {}): Tensor {
  if (!(reductionRatio > 0)) {
    throw new RangeError(`Cannot build senet: reductionRatio must be positive, received ${reductionRatio}`);
  }
  const { graph } = e;
  const { fields } = fieldSizes("senet", e);
  const reduced = Math.max(1, Math.floor(fields / reductionRatio));
  const prefix = graph.uniqueName(name);
  const { y, gates } = gate(
    e,
    graph.parameter(`${prefix}.0.weight`, [fields, reduced], xavierNormal()),
    graph.parameter(`${prefix}.1.weight`, [reduced, fields], xavierNormal()),
  );
  graph.expose("senet_gates", gates);
  return y;
}

/**
 * Declares the matrices of bilinear products: what {@linkcode pairMlp} forms (e_i W) * e_j from, pair by pair.
 *
 * @param e embeddings `[B, F, D]`
 * @throws {RangeError} when there are less than two fields
 */
export function bilinearPairs(e: Tensor, options: BilinearOptions = {}): PairSource {
  const { name = "bilinear", type = "all", shared = false } = options;
  const { fields, dim, pairs } = pairSizes("bilinear", e);
  const label = `${shared ? name : e.graph.uniqueName(name)}.weight`;
  const initializer = normal(dim ** -0.5);
  if (type === "all") {
    return { left: matmul(e, e.graph.parameter(label, [dim, dim], initializer)), right: e };
  }
  if (type === "each") {
    return { left: fieldMatrix(e, e.graph.parameter(label, [fields, dim, dim], initializer)), right: e };
  }
  return { e, matrices: e.graph.parameter(label, [pairs, dim, dim], initializer) };
}

/**
 * Computes the bilinear products of all pairs of fields: r[b, p, :] = (e_i W) * e_j, with * by element.
 *
 * It writes all of them; {@linkcode pairMlp} does not.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, F (F - 1) / 2 D]`
 * @throws {RangeError} when there are less than two fields
 */
export function bilinear(e: Tensor, options: BilinearOptions = {}): Tensor {
  const from = bilinearPairs(e, options);
  return "e" in from ? matrixElements(from.e, from.matrices) : pairElements(from.left, from.right);
}

/**
 * Stacks dense layers on the products of all pairs of some sources, which are never in memory all at once.
 *
 * @param sources what the products are formed from, side by side
 * @param units widths of the layers, the last one's included
 * @returns `[B, N]` with N the last width
 */
export function pairMlp(sources: readonly PairSource[], units: readonly number[], options: MlpOptions = {}): Tensor {
  const [first] = sources;
  const { graph } = "e" in first ? first.e : first.left;
  const prefix = graph.uniqueName(options.name ?? "mlp");
  const rows = sources.reduce((sum, from) => {
    const { pairs, dim } = pairSizes("pairMlp", "e" in from ? from.e : from.left);
    return sum + pairs * dim;
  }, 0);
  const weight = graph.parameter(`${prefix}.0.weight`, [rows, units[0]], xavierNormal());
  const bias = graph.parameter(`${prefix}.0.bias`, [units[0]], zeros());
  return units.reduce<Tensor | undefined>((h, width, i) => {
    const name = `${prefix}.${i}`;
    const z = h ? dense(h, width, { name }) : addBias(pairDense(sources, weight), bias);
    if (i === units.length - 1 && !options.hiddenOnly) return z;
    const normal = options.batchNorm ? batchNorm(z, { name: `${name}.bn` }) : z;
    return dropout(activation(normal, options.activation ?? "relu"), options.dropout ?? 0);
  }, undefined)!;
}
