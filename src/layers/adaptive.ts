/**
 * Interactions of all orders whose operations are learned.
 *
 * @module
 */
import { ones } from "../initializer.ts";
import { unitMatrices } from "../initializer/unit_matrices.ts";
import type { Tensor } from "../graph/tensor.ts";
import { multiply } from "../ops/dense/arithmetic.ts";
import { batchMatmulTn } from "../ops/dense/batch_matmul.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { fieldSum } from "../ops/interaction/field_sums.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { reshape } from "../ops/shape/reshape.ts";

/** Options of {@linkcode adaptiveInteraction}. */
export interface AdaptiveInteractionOptions {
  /** Name of the layer. @default {"aoa"} */
  name?: string;
}

/**
 * Joins rows with fields by learned operations:
 * y[b, s, n] = sum_d W_s[d, n] h_s[d] sum_{k, i} alpha[(k, i), s] x[b, k, d] e[b, i, n].
 *
 * Outer products of rows and fields are never in memory: for each map s there is one D x D matrix of the sample. Lang et
 * al.: Architecture and Operation Adaptive Network. KDD 2021.
 *
 * @param x rows of the layer before `[B, R, D]`; the fields themselves in the first layer
 * @param e embeddings `[B, F, D]`
 * @param maps rows S of the result
 * @returns `[B, S, D]`
 */
export function adaptiveInteraction(
  x: Tensor,
  e: Tensor,
  maps: number,
  { name = "aoa" }: AdaptiveInteractionOptions = {},
): Tensor {
  const { graph } = e;
  const prefix = graph.uniqueName(name);
  const { fields, dim } = fieldSizes("adaptiveInteraction", e);
  const { fields: rows } = fieldSizes("adaptiveInteraction", x);
  const alpha = graph.parameter(`${prefix}.alpha`, [rows * fields, maps], ones());
  const partners = fieldDense(x, reshape(alpha, [rows, fields * maps])); // [B, F S, D]
  const products = batchMatmulTn(reshape(partners, ["B", fields, maps * dim]), e); // [B, S D, D]
  const operations = multiply(
    graph.parameter(`${prefix}.W`, [maps, dim, dim], unitMatrices(dim)),
    graph.parameter(`${prefix}.h`, [maps, dim, 1], ones()),
  );
  return fieldSum(multiply(products, reshape(operations, [maps * dim, dim])), maps);
}
