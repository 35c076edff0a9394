/**
 * Dense layers whose weights are linear in a condition of each row.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { batchMatmul } from "../ops/dense/batch_matmul.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { repeat } from "../ops/interaction/field_sums.ts";
import { reshape } from "../ops/shape/reshape.ts";
import { dense } from "./mlp.ts";

/** Options of {@linkcode metaDense}. */
export interface MetaDenseOptions {
  /** Name of the parameters' prefix. @default {"meta"} */
  name?: string;
  /** Whether a bias is made and added. @default {true} */
  bias?: boolean;
}

/**
 * Applies a dense layer whose weights a condition makes: y[b, t, :] = x[b, t, :] W(z_b) + b(z_b), W and b linear in z.
 *
 * Q. Zhang et al.: Leaving No One Behind. WSDM 2022, arXiv:2201.06814, the meta unit.
 *
 * @param x `[B, T, K]`
 * @param z the condition, `[B, Z]`
 * @param units width N of the output
 * @returns `[B, T, N]`
 */
export function metaDense(x: Tensor, z: Tensor, units: number, options: MetaDenseOptions = {}): Tensor {
  const { rows: count, dim: width } = fieldsOf("meta_dense", x);
  const name = x.graph.uniqueName(options.name ?? "meta");
  const weight = dense(z, width * units, { name: `${name}.weight` }); // [B, K N]
  const product = batchMatmul(x, reshape(weight, ["B", width, units])); // [B, T, N]
  if (options.bias === false) return product;
  return add(product, repeat(dense(z, units, { name: `${name}.bias` }), count));
}
