/**
 * Products over the field axis: dense layers whose rows are samples and dimensions and whose columns are fields, or
 * products of two fields.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/field_product.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/device.ts";
import { generatedShader, type Shader, shader } from "../gpu/shader.ts";
import type { Emitter, Op } from "../graph/node.ts";
import type { Shape, Tensor } from "../graph/tensor.ts";
import { FIELD_LANES, fieldProductSource, GRADIENT_OUTS } from "./field_product_source.ts";
import { fieldsOf } from "./field_padding.ts";
import { emitSum, maxSlices } from "./matmul_layout.ts";

/** Kernels around the products. */
export const around = shader("field_product", { grid, field_product: source });

/**
 * Rows and fours of columns that one invocation computes, and the edge of its tiles of pairs: what a processor's cache,
 * or a GPU's registers, hold.
 */
export const BLOCKS = { software: { outs: 16, columns: 4, edge: 4 }, gpu: { outs: 8, columns: 2, edge: 2 } };

/** Kernels for processors, whose invocations are few and long, or for GPUs. */
export type FieldVariant = "software" | "gpu";

/** The products. */
export const kernels: Readonly<Record<FieldVariant, Shader>> = {
  software: kernelShader(BLOCKS.software),
  gpu: kernelShader(BLOCKS.gpu),
};

function kernelShader({ outs, columns, edge }: Record<"outs" | "columns" | "edge", number>): Shader {
  const text = (): string => fieldProductSource(outs, columns, edge);
  return generatedShader("field_product_blocks", { grid }, "field_product_source", [outs, columns, edge], text);
}

/** Columns of a slice of a weight gradient: the fields of so many fit a processor's second-level cache. */
const SLICE = 512;

/** Returns the kernels that suit a device. */
export function fieldVariantFor({ adapter }: Gpu): FieldVariant {
  return adapter.software ? "software" : "gpu";
}

/** Sizes `[I, J, H]` of weights; J is 1 where one operand is no product of two fields. */
export type WeightSizes = readonly [number, number, number];

/** What a product over the field axis is specialised by. */
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
  /** The kernels. @default those that suit the device */
  readonly variant?: FieldVariant;
}

/** Rows of a convolution's input and output. */
export interface Shift {
  /** Rows of each map of x. */
  readonly from: number;
  /** Rows of each map of the result. */
  readonly to: number;
  /** Rows of zeros in front of x. */
  readonly before: number;
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

/** Returns the terms of a sum over pairs, or over pairs i <= j. */
export function termsOf([p, q]: readonly number[], folded: boolean): number {
  return folded ? q * (q + 1) / 2 : p * q;
}

/** Inputs x, y (only where pairs are formed), weights and optionally a bias; outputs z and packed weights. */
export const fieldProductOp: Op<FieldProduct> = {
  name: "field_product",
  outputs: ([x], { sizes, axes, shift }) => {
    const { dim } = fieldsOf("field_product", x);
    const [p, q, r] = axes.map((axis) => sizes[axis]);
    return [["B", r * (shift?.to ?? 1), dim], [p * q, Math.ceil(r / 4) * 4]];
  },
  emit: (k, { inputs, outputs, attributes }) => emitFieldProduct(k, inputs, outputs, attributes),
};

/** Appends the product; inputs and outputs are those of {@linkcode fieldProductOp}. */
export function emitFieldProduct(
  k: Emitter,
  inputs: readonly Tensor[],
  [z, packed]: readonly Tensor[],
  attributes: FieldProduct,
): void {
  const { sizes, axes, pairs, symmetric, relu = false, shift, variant } = attributes;
  const [x, y, w, bias] = pairs ? inputs : [inputs[0], ...inputs];
  const [p, q, r] = axes.map((axis) => sizes[axis]);
  const folded = symmetric === "folded";
  emitArrange(k, w, packed, attributes);
  const spread = lanesIn(x, shift);
  const columns = k.batch * spread.lanes;
  const kind = variant ?? fieldVariantFor(k.gpu);
  const block = BLOCKS[kind];
  k.run({
    shader: kernels[kind],
    entry: "product",
    bind: { x, y, w: packed, bias: bias ?? w, z },
    constants: { PAIRS: pairs, FOLDED: folded, SHIFTED: shift !== undefined, BIAS: bias !== undefined, RELU: relu },
    params: { ...spread, columns, left: p, right: q, outs: r, terms: p * q, slice: 0, tiles: 0 },
    grid: Math.ceil(Math.ceil(columns / block.columns) * Math.ceil(r / block.outs) / FIELD_LANES),
    flops: 8 * columns * r * termsOf([p, q], folded),
  });
}

/** Returns the fours in rows of x and z, and how a convolution moves among them. */
export function lanesIn(x: Tensor, shift: Shift | undefined): Record<"lanes" | "in_lanes" | "step" | "before", number> {
  const step = fieldsOf("field_product", x).dim / 4;
  const { from, to, before } = shift ?? { from: 1, to: 1, before: 0 };
  return { lanes: to * step, in_lanes: from * step, step, before };
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

/** What the gradient by weights is specialised by. */
export interface FieldGradient {
  /** Shape of the weights. */
  readonly shape: Shape;
  /** Whether the operand is a product of two rows. */
  readonly pairs: boolean;
  /** Whether both rows are of one tensor: then pairs i <= j are summed once. */
  readonly folded: boolean;
  /** The convolution of these sizes. */
  readonly shift?: Shift;
  /** The kernels. @default those that suit the device */
  readonly variant?: FieldVariant;
}

/** Inputs x, y and dz; outputs the gradient by weights, partial sums of slices, and the folded gradient. */
export const fieldGradientOp: Op<FieldGradient> = {
  name: "field_product_gradient",
  outputs: ([x, y, dz], attributes) => {
    const { terms, outs } = termsAndOuts(x, y, dz, attributes);
    return [attributes.shape, [maxSlices(terms, outs), terms, outs], attributes.folded ? [terms, outs] : [0]];
  },
  emit: (k, { inputs: [x, y, dz], outputs: [dw, parts, sums], attributes }) => {
    const { pairs, folded, shift, variant } = attributes;
    const { left, right, terms, outs } = termsAndOuts(x, y, dz, attributes);
    const spread = lanesIn(x, shift);
    const columns = k.batch * spread.lanes;
    const wanted = Math.max(1, Math.min(maxSlices(terms, outs), Math.ceil(columns / SLICE)));
    const slice = Math.ceil(columns / wanted);
    const slices = Math.ceil(columns / slice);
    const kind = variant ?? fieldVariantFor(k.gpu);
    const { edge } = BLOCKS[kind];
    const [down, across] = [Math.ceil(left / edge), Math.ceil(right / edge)];
    const tiles = !pairs ? Math.ceil(terms / edge ** 2) : folded ? across * (across + 1) / 2 : down * across;
    k.run({
      shader: kernels[kind],
      entry: "gradient",
      bind: { x, y, dz, parts },
      constants: { PAIRS: pairs, FOLDED: folded, SHIFTED: shift !== undefined },
      params: { ...spread, columns, left, right, outs, terms, slice, tiles },
      grid: Math.ceil(slices * tiles * Math.ceil(outs / GRADIENT_OUTS) / FIELD_LANES),
      flops: 8 * columns * terms * outs,
    });
    const target = folded ? sums : dw;
    emitSum(k, parts, target, { rows: terms, columns: outs, stride: outs, slice: terms * outs, slices });
    if (!folded) return;
    k.run({
      shader: around,
      entry: "spread",
      bind: { w: sums, y: dw },
      params: { ...NO_PARAMS, p: left, q: right, r: outs },
      grid: Math.ceil(left * right * outs / 64),
    });
  },
};

function termsAndOuts(
  x: Tensor,
  y: Tensor,
  dz: Tensor,
  { shape, pairs, folded, shift }: FieldGradient,
): Record<"left" | "right" | "terms" | "outs", number> {
  const [first, second, outs] = [x, y, dz].map((tensor) => fieldsOf("field_product_gradient", tensor).rows);
  if (!shift) {
    const right = pairs ? second : 1;
    return { left: first, right, terms: termsOf([first, right], folded), outs };
  }
  const left = first / shift.from;
  return { left, right: Number(shape[0]) / left, terms: Number(shape[0]), outs: outs / shift.to };
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
