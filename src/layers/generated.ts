/**
 * Dense layers whose weights a network generates for each sample.
 *
 * @module
 */
import { xavierNormal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { batchMatmul } from "../ops/dense/batch_matmul.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { split } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { mlp } from "./mlp.ts";

/** Options of {@linkcode generatedDense}. */
export interface GeneratedDenseOptions {
  /** Name of the layer. @default {"generated"} */
  name?: string;
  /** Width k of the matrix that is generated. @default {32} */
  rank?: number;
  /** Widths of the generating network's hidden layers. @default {[]} */
  hyperHidden?: readonly number[];
  /** Whether the bias is generated as well. @default {false} */
  generateBias?: boolean;
}

/**
 * Applies a dense layer whose core depends on a condition: y = x U S(z) V + b with S(z) a k x k matrix from an MLP of z.
 *
 * Yan et al.: APG. NeurIPS 2022.
 *
 * @param x `[B, K]`
 * @param z condition `[B, Z]`; x itself for a layer that adapts to its input
 * @param units width N of the output
 * @returns `[B, N]`
 */
export function generatedDense(x: Tensor, z: Tensor, units: number, options: GeneratedDenseOptions = {}): Tensor {
  const { rank = 32, hyperHidden = [], generateBias = false } = options;
  const { graph } = x;
  const name = graph.uniqueName(options.name ?? "generated");
  const left = graph.parameter(`${name}.U`, [widthOf(x.shape), rank], xavierNormal());
  const right = graph.parameter(`${name}.V`, [rank, units], xavierNormal());
  const widths = generateBias ? [units, rank * rank] : [rank * rank];
  const [core, bias] = split(
    mlp(z, [...hyperHidden, widths.reduce((sum, width) => sum + width)], {
      name: `${name}.hyper`,
    }),
    widths,
  ).reverse();
  const inner = reshape(product(x, left), ["B", 1, rank]);
  const mixed = flatten(batchMatmul(inner, reshape(core, ["B", rank, rank]))); // [B, k]
  if (bias) return add(product(mixed, right), bias);
  return product(mixed, right, graph.parameter(`${name}.bias`, [units], zeros()));
}
