/**
 * Fields as complex numbers, whose products have learned orders.
 *
 * @module
 */
import { identity, ones, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { filled, multiply } from "../ops/dense/arithmetic.ts";
import { addBias } from "../ops/dense/bias.ts";
import { cartesian, polar } from "../ops/dense/polar.ts";
import { fieldDense } from "../ops/interaction/field_dense.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { layerNorm as normalize } from "./activation.ts";
import { dense } from "./mlp.ts";
import { share } from "./share.ts";

/** Complex numbers: real parts and imaginary parts, of one shape. */
export interface Complex {
  /** Real parts. */
  readonly re: Tensor;
  /** Imaginary parts. */
  readonly im: Tensor;
}

/**
 * Puts numbers on circles with a learned radius for each field: m_f exp(i e_f).
 *
 * @param e embeddings `[B, F, D]`
 */
export function complexFields(e: Tensor, { name = "mu" }: { name?: string } = {}): Complex {
  const { fields } = fieldSizes("complexFields", e);
  const radius = e.graph.parameter(e.graph.uniqueName(name), [fields, 1], ones());
  const { x, y } = cartesian(filled(e, 0), e);
  return { re: multiply(x, radius), im: multiply(y, radius) };
}

/** Options of {@linkcode eulerLayer}. */
export interface EulerLayerOptions {
  /** Name of the layer. @default {"euler"} */
  name?: string;
  /** Whether rows are layer-normalized. @default {true} */
  layerNorm?: boolean;
}

/**
 * Multiplies powers of complex fields, with learned orders: z'_o = prod_f z_f^(a_fo) exp(b_o + i c_o) + relu(W re) + i relu(W im).
 *
 * In polar coordinates a product of powers is a sum of logarithms of radii and one of angles. Tian et al.: EulerNet. SIGIR
 * 2023.
 *
 * @param z fields `[B, N, D]`
 * @param rows rows of the result
 * @returns `[B, rows, D]`
 */
export function eulerLayer({ re, im }: Complex, rows: number, options: EulerLayerOptions = {}): Complex {
  const { graph } = re;
  const name = graph.uniqueName(options.name ?? "euler");
  const { fields, dim } = fieldSizes("eulerLayer", re);
  const orders = graph.parameter(`${name}.orders`, [fields, rows], fields === rows ? identity() : xavierNormal());
  const bias = (kind: string): Tensor => graph.parameter(`${name}.${kind}`, [rows, dim], zeros());
  const { logRadius, angle } = polar(re, im);
  const product = cartesian(
    addBias(fieldDense(logRadius, orders), bias("radius")),
    addBias(fieldDense(angle, orders), bias("angle")),
  );
  const linear = share((part: Tensor) =>
    dense(flatten(part), rows * dim, { name: `${name}.linear`, activation: "relu" })
  );
  const joined = (part: Tensor, powers: Tensor, kind: string): Tensor => {
    const all = add(reshape(linear(part), ["B", rows, dim]), powers);
    return options.layerNorm === false ? all : normalize(all, { name: `${name}.${kind}` });
  };
  return { re: joined(re, product.x, "ln_re"), im: joined(im, product.y, "ln_im") };
}
