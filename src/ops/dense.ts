/**
 * Dense layers as one kernel each way: product, bias, activation and dropout.
 *
 * @module
 */
import activationSource from "../../shaders/activation.wgsl" with { type: "text" };
import source from "../../shaders/dense.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import random from "../../shaders/random.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Op } from "../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../graph/tensor.ts";
import { type Activation, ACTIVATIONS, columnsOf, emitProduct, matmulNt, matmulTn } from "./matmul.ts";

export type { Activation } from "./matmul.ts";

const kernels = shader("dense", { grid, step, activation: activationSource, random, dense: source });

/** What a dense layer does after the product. */
export interface DenseAttributes {
  /** Applied to x W + bias. */
  activation: Activation;
  /** Applied last: zeroes a share `rate` of the elements and scales the others by 1 / (1 - rate). */
  dropout: { rate: number; salt: number } | undefined;
}

/** The op behind {@linkcode dense}: inputs x `[..., K]`, weight `[K, N]` and optionally bias `[N]`. */
export const denseOp: Op<DenseAttributes> = {
  name: "dense",
  outputs: ([x, weight, bias], { dropout }) => {
    const k = columnsOf("dense", x);
    const n = columnsOf("dense", weight);
    if (weight.shape.length !== 2 || weight.shape[0] !== k) {
      throw new TypeError(
        `Cannot build dense: weight must have shape [${k}, N], received ${formatShape(weight.shape)}`,
      );
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== n)) {
      throw new TypeError(`Cannot build dense: bias must have shape [${n}], received ${formatShape(bias.shape)}`);
    }
    if (dropout && !(dropout.rate >= 0 && dropout.rate < 1)) {
      throw new RangeError(`Cannot build dense: dropout must be in [0, 1), received ${dropout.rate}`);
    }
    return [[...x.shape.slice(0, -1), n]];
  },
  emit: (k, { inputs: [x, weight, bias], outputs: [y], attributes }) =>
    emitProduct(k, "nn", x, weight, y, { bias, ...attributes }),
  backward: ({ inputs: [x, weight, bias], outputs: [y], attributes }, [dy]) => {
    if (!dy) return [];
    const plain = attributes.activation === "none" && !attributes.dropout?.rate;
    const dz = plain ? dy : apply(gradientOp, [dy, y], attributes);
    return [matmulNt(dz, weight), matmulTn(x, dz), bias && apply(columnSumOp, [dz], null)];
  },
};

const gradientOp: Op<DenseAttributes> = {
  name: "denseGradient",
  outputs: ([dy]) => [dy.shape],
  emit: (k, { inputs: [dy, y], outputs: [dz], attributes: { activation, dropout } }) => {
    const size = sizeOf(y.shape, k.batch);
    k.run({
      shader: kernels,
      entry: "gradient",
      bind: { dy, y, dz },
      constants: { ACTIVATION: ACTIVATIONS[activation], DROPOUT: dropout?.rate ?? 0, SALT: dropout?.salt ?? 0 },
      params: { size, rows: 0, n: 0 },
      grid: Math.ceil(size / 256),
    });
  },
};

const columnSumOp: Op<null> = {
  name: "columnSum",
  outputs: ([x]) => [[columnsOf("columnSum", x)]],
  emit: (k, { inputs: [x], outputs: [y] }) => {
    const n = sizeOf(y.shape, 1);
    const rows = sizeOf(x.shape, k.batch) / n;
    k.run({
      shader: kernels,
      entry: "column_sum",
      bind: { x, sum: y },
      params: { size: 0, rows, n },
      grid: Math.ceil(n / 64),
    });
  },
};

/**
 * Applies a dense layer: y = dropout(act(x W + bias)).
 *
 * @param x `[..., K]`; all sizes but the last count as rows
 * @param weight `[K, N]`
 * @param bias `[N]`
 * @param attributes activation and dropout; none of either by default
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 * @throws {RangeError} when the dropout rate is outside [0, 1)
 */
export function dense(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  attributes: Partial<DenseAttributes> = {},
): Tensor {
  const { activation = "none", dropout } = attributes;
  return apply(denseOp, bias ? [x, weight, bias] : [x, weight], { activation, dropout });
}
