/**
 * Products over the field axis: dense layers whose rows are samples and dimensions and whose columns are fields, or
 * products of two fields.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/field_product.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter, Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { fieldProductKernel } from "./field_kernels.ts";
import { fieldsOf } from "./field_padding.ts";
import type { Shift } from "./field_sizes.ts";

/** Kernels around the products. */
export const around = shader("field_product", { grid, field_product: source });

/** Sizes `[I, J, H]` of weights; J is 1 where one operand is no product of two fields. */
export type WeightSizes = readonly [number, number, number];

/** What a product over the field axis is specialized by. */
export interface FieldProduct {
  /** Sizes of the weights as they are in memory. */
  readonly sizes: WeightSizes;
  /** Which of these sizes the first rows, the second rows and the result run over. */
  readonly axes: readonly [number, number, number];
  /** Whether the operand is a product of two rows. */
  readonly pairs: boolean;
  /** Adds w[j, i, h] to w[i, j, h]: over pairs i <= j only ("folded"), or over all of them. */
  readonly symmetric?: "folded" | "all";
  /** Applied last. */
  readonly relu?: boolean;
  /** Makes the second rows neighbours of the first ones: a convolution. */
  readonly shift?: Shift;
}

/** Parameters of the kernels around, for those that do not read them. */
export const NO_PARAMS = {
  p: 0,
  q: 1,
  r: 1,
  first: 0,
  p_stride: 0,
  q_stride: 0,
  r_stride: 0,
  p_other: 0,
  q_other: 0,
  r_other: 0,
  rows: 0,
  lanes: 1,
  dim: 0,
};

/** Inputs x, y (only where pairs are formed), weights and optionally a bias; the output is z. */
export const fieldProductOp: Op<FieldProduct> = {
  name: "field_product",
  outputs: ([x], { sizes, axes, shift }) => {
    const { dim } = fieldsOf("field_product", x);
    return [["B", sizes[axes[2]] * (shift?.to ?? 1), dim]];
  },
  emit: (k, { inputs, outputs: [z], attributes }) => emitFieldProduct(k, inputs, z, attributes),
};

/** Appends the product; inputs are those of {@linkcode fieldProductOp}. */
export function emitFieldProduct(
  k: Emitter,
  inputs: readonly Tensor[],
  z: Tensor,
  attributes: FieldProduct,
): void {
  const { sizes, axes, pairs, symmetric, relu = false, shift } = attributes;
  const [x] = inputs;
  const y = pairs ? inputs[1] : undefined;
  const [w, bias] = inputs.slice(pairs ? 2 : 1);
  const [p, q, r] = axes.map((axis) => sizes[axis]);
  const packed = k.scratch([p * q, Math.ceil(r / 4) * 4]);
  emitArrange(k, w, packed, attributes);
  emitKernel(k, fieldProductKernel, {
    ...{ x, y, packed, bias, w, z, relu, shift },
    sizes: [p, q, r],
    folded: symmetric === "folded",
  });
}

function emitArrange(k: Emitter, w: Tensor, packed: Tensor, attributes: FieldProduct): void {
  const { sizes, axes, symmetric, shift } = attributes;
  const [p, q, r] = axes.map((axis) => sizes[axis]);
  const strides = [sizes[1] * sizes[2], sizes[2], 1];
  const swapped = [strides[1], strides[0], 1];
  const [pStride, qStride, rStride] = axes.map((axis) => strides[axis]);
  // The gradient of a convolution is one with its weights from the end.
  const reversed = shift !== undefined && axes[0] !== 0;
  const [pOther, qOther, rOther] = axes.map((axis) => swapped[axis]);
  k.run({
    shader: around,
    entry: "arrange",
    bind: { w, packed },
    constants: { TWO: symmetric !== undefined, FOLDED: symmetric === "folded" },
    params: {
      ...NO_PARAMS,
      p,
      q,
      r,
      first: reversed ? (q - 1) * qStride : 0,
      p_stride: pStride,
      q_stride: reversed ? 2 ** 32 - qStride : qStride,
      r_stride: rStride,
      p_other: pOther,
      q_other: qOther,
      r_other: rOther,
    },
    grid: Math.ceil(p * q * Math.ceil(r / 4) / 64),
  });
}

/** Appends y[row] = sum_{d < dim} x[row, d], or the sum over `group` rows of all of their numbers. */
export function emitPool(k: Emitter, x: Tensor, y: Tensor, dim: number, group = 1): void {
  const { rows, dim: stride } = fieldsOf("pool", x);
  const sums = k.batch * rows / group;
  const params = { ...NO_PARAMS, rows: sums, lanes: group * stride / 4, dim: group === 1 ? dim : group * stride };
  k.run({ shader: around, entry: "pool", bind: { x, y }, params, grid: Math.ceil(sums / 64) });
}

/** Appends the gradient before activation (where there is x, it is relu) and pooling, and its sum over each row. */
export function emitSlope(
  k: Emitter,
  { x, dx, dy, packed, y }: {
    x: Tensor | undefined;
    dx: Tensor | undefined;
    dy: Tensor | undefined;
    packed: Tensor;
    y: Tensor;
  },
  dim: number,
): void {
  const { rows, dim: stride } = fieldsOf("slope", packed);
  const any = (x ?? dx ?? dy)!;
  k.run({
    shader: around,
    entry: "slope",
    bind: { x: x ?? any, dx: dx ?? any, dy: dy ?? any, packed, y },
    constants: { RELU: x !== undefined, FROM_NEXT: dx !== undefined, FROM_POOL: dy !== undefined },
    params: { ...NO_PARAMS, rows: k.batch * rows, lanes: stride / 4, dim },
    grid: Math.ceil(k.batch * rows / 64),
  });
}
