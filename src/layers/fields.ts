/**
 * Dense layers over the field axis, and pooling of fields.
 *
 * @module
 */
import { type Initializer, xavierNormal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attendFields } from "../ops/interaction/attend_fields.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { split } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { sideBySide } from "../ops/shape/side_by_side.ts";
import { dense } from "./mlp.ts";

/** Options of {@linkcode fieldLinear}. */
export interface FieldLinearOptions {
  /** Name of the layer. @default {"fields"} */
  name?: string;
  /** First weights. @default {xavierNormal()} */
  initializer?: Initializer;
}

/**
 * Mixes fields by learned weights: y[b, h, :] = sum_f w[f, h] x[b, f, :].
 *
 * @param x `[B, F, D]`
 * @param rows rows H of the result
 * @returns `[B, H, D]`
 */
export function fieldLinear(x: Tensor, rows: number, options: FieldLinearOptions = {}): Tensor {
  return fieldLinears(x, [{ rows, ...options }])[0];
}

/** One of several layers over the same fields. */
export interface FieldLinearPart extends FieldLinearOptions {
  /** Rows of the result. */
  readonly rows: number;
}

/**
 * Mixes fields by several layers at once, as {@linkcode fieldLinear} does by one; together they are one product.
 *
 * @param x `[B, F, D]`
 * @returns for each part `[B, rows, D]`
 */
export function fieldLinears(x: Tensor, parts: readonly FieldLinearPart[]): Tensor[] {
  const { fields, dim } = fieldSizes("fieldLinear", x);
  const weights = parts.map(({ rows, name = "fields", initializer = xavierNormal() }) =>
    x.graph.parameter(`${x.graph.uniqueName(name)}.weight`, [fields, rows], initializer)
  );
  const all = fieldDense(x, sideBySide(...weights));
  if (parts.length === 1) return [all];
  return split(flatten(all), parts.map(({ rows }) => rows * dim)).map((part, i) =>
    reshape(part, ["B", parts[i].rows, dim])
  );
}

/** Options of {@linkcode attentiveSum}. */
export interface AttentiveSumOptions {
  /** Name of the layer. @default {"aggregation"} */
  name?: string;
}

/**
 * Sums fields by weights that each earns by itself: y = sum_f a_f x_f with a = softmax_f(v . relu(W x_f + b)).
 *
 * Exposes a by the layer's name, `[B, F, 1]`. Li et al.: InterHAt. WSDM 2020.
 *
 * @param x `[B, F, D]`
 * @param hidden width of the layer that scores
 * @returns `[B, D]`
 */
export function attentiveSum(x: Tensor, hidden: number, { name = "aggregation" }: AttentiveSumOptions = {}): Tensor {
  const prefix = x.graph.uniqueName(name);
  const scored = dense(x, hidden, { name: `${prefix}.0`, activation: "relu" });
  const { pooled, weights } = attendFields(x, dense(scored, 1, { name: `${prefix}.1`, bias: false }));
  x.graph.expose(prefix, weights);
  return pooled;
}
