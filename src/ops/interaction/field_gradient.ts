/**
 * Gradients by weights over the field axis, and their variants for GPUs.
 *
 * @module
 */
import type { Emitter, Op } from "../../graph/node.ts";
import type { Shape, Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Variant } from "../../kernels/variant.ts";
import { TILES_ON_PROCESSOR } from "../dense/matmul_kernels.ts";
import { emitSum, maxSlices } from "../dense/matmul_layout.ts";
import {
  type FieldFactors,
  fieldFlops,
  type FieldProblem,
  type FieldShader,
  fieldTiles,
  groupsOf,
  type Samples,
} from "./field_kernels.ts";
import { fieldsOf } from "./field_padding.ts";
import { around, NO_PARAMS } from "./field_product.ts";
import { lanesIn, type Shift, termsOf } from "./field_sizes.ts";
import { emitShiftGradient } from "./field_shift_gradient.ts";
import { emitFieldGradientTiles } from "./field_tiles.ts";

/** Rows of dz whose products a thread sums. */
const GRADIENT_OUTS = 8;

/** Columns of a slice: the fields of so many fit a processor's second-level cache. */
const SLICE = 512;

/** Time of an operation by tiles on a GPU and on a processor, where one by slices on a GPU takes 1. */
const TILES = { gpu: 0.5, software: TILES_ON_PROCESSOR };

/** The same of a convolution whose tiles are shared. */
const SHARES = { gpu: 0.1, software: 8 };

/** What the gradient by weights is specialized by. */
export interface FieldGradient {
  /** Shape of the weights. */
  readonly shape: Shape;
  /** Whether the operand is a product of two rows. */
  readonly pairs: boolean;
  /** Whether both rows are of one tensor: then pairs i <= j are summed once. */
  readonly folded: boolean;
  /** The convolution of these sizes. */
  readonly shift?: Shift;
}

/** Inputs x, y and dz; the output is the gradient by weights. */
export const fieldGradientOp: Op<FieldGradient> = {
  name: "field_product_gradient",
  outputs: (_, { shape }) => [shape],
  emit: (k, { inputs: [x, y, dz], outputs: [dw], attributes }) => {
    const { pairs, folded, shift } = attributes;
    const sizes = termsAndOuts(x, y, dz, attributes);
    emitKernel(k, fieldGradientKernel, { x, y: pairs ? y : undefined, dz, dw, ...sizes, folded, shift });
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

/** A gradient by weights. */
export interface FieldGradientTask {
  readonly x: Tensor;
  readonly y: Tensor | undefined;
  readonly dz: Tensor;
  readonly dw: Tensor;
  readonly left: number;
  readonly right: number;
  readonly terms: number;
  readonly outs: number;
  readonly folded: boolean;
  readonly shift: Shift | undefined;
}

/** Sizes that the choice of a kernel depends on. */
export interface FieldGradientProblem extends FieldProblem {
  readonly shifted: boolean;
}

/** A matrix product whose loads form the products of two fields. */
const byTiles: Variant<FieldGradientTask, FieldGradientProblem> = {
  name: "tiles",
  fits: (_, { shifted }) => !shifted,
  cost: (profile, problem) => costOn(profile, fieldFlops(problem), TILES),
  emit: (k, { x, y, dz, dw }) => emitFieldGradientTiles(k, { x, other: y, dz }, dw),
};

const bySlices = gpuVariant<FieldGradientTask, FieldGradientProblem>("gpu", fieldFlops, (k, task) => {
  const { x, y, dz } = task;
  emitSlices(k, task, (parts) => {
    emitGradientLaunch(k, task, fieldTiles, { x, y, dz, parts }, { first: 0, count: k.batch });
  });
});

/** The gradient of a convolution, each tile of which threads of a workgroup share. */
const byShares: Variant<FieldGradientTask, FieldGradientProblem> = {
  name: "shares",
  fits: (_, { shifted }) => shifted,
  cost: (profile, problem) => costOn(profile, fieldFlops(problem), SHARES),
  emit: emitShiftGradient,
};

/** The gradient by the weights. */
export const fieldGradientKernel: Kernel<FieldGradientTask, FieldGradientProblem> = {
  name: "field_gradient",
  problem: (k, { x, terms, outs, shift }) => ({
    columns: k.batch * lanesIn(x, shift).lanes,
    terms,
    outs,
    shifted: shift !== undefined,
  }),
  variants: [bySlices, byTiles, byShares],
};

/** Appends the gradient as the sum of slices of the batch, whose gradients `emit` appends. */
export function emitSlices(
  k: Emitter,
  { x, dw, left, right, terms, outs, folded, shift }: FieldGradientTask,
  emit: (parts: Tensor) => void,
): void {
  const { slices } = fieldSlices(k, x, terms, outs, shift);
  const parts = k.scratch([slices, terms, outs]);
  emit(parts);
  const target = folded ? k.scratch([terms, outs]) : dw;
  emitSum(k, parts, target, { rows: terms, columns: outs, stride: outs, slice: terms * outs, slices });
  if (!folded) return;
  k.run({
    shader: around,
    entry: "spread",
    bind: { w: target, y: dw },
    params: { ...NO_PARAMS, p: left, q: right, r: outs },
    grid: Math.ceil(left * right * outs / 64),
  });
}

/** Returns the samples of a slice of a gradient, and the slices. */
export function fieldSlices(k: Emitter, x: Tensor, terms: number, outs: number, shift: Shift | undefined): {
  sliceSamples: number;
  slices: number;
} {
  const columns = k.batch * lanesIn(x, shift).lanes;
  const wanted = Math.max(1, Math.min(maxSlices(terms, outs), Math.ceil(columns / SLICE)));
  const sliceSamples = Math.ceil(k.batch / wanted);
  return { sliceSamples, slices: Math.ceil(k.batch / sliceSamples) };
}

/** Appends a launch of the gradient over some samples; `factors` are x, y and dz, and where sums go. */
export function emitGradientLaunch(
  k: Emitter,
  { x, y, left, right, terms, outs, folded, shift }: FieldGradientTask,
  { shader, tile }: FieldShader,
  { parts, ...factors }: FieldFactors & { readonly parts: Tensor },
  { first, count }: Samples,
): void {
  const pairs = y !== undefined;
  const spread = lanesIn(x, shift);
  const columns = count * spread.lanes;
  const slice = fieldSlices(k, x, terms, outs, shift).sliceSamples * spread.lanes;
  const [down, across] = [Math.ceil(left / tile.edge), Math.ceil(right / tile.edge)];
  const tiles = !pairs ? Math.ceil(terms / tile.edge ** 2) : folded ? across * (across + 1) / 2 : down * across;
  k.run({
    shader,
    entry: "gradient",
    bind: { ...factors, y: factors.y ?? factors.x, parts },
    constants: { PAIRS: pairs, FOLDED: folded, SHIFTED: shift !== undefined },
    params: { ...spread, columns, left, right, outs, terms, slice, tiles, first: first * spread.lanes },
    grid: groupsOf(tile, tiles, Math.ceil(columns / slice) * Math.ceil(outs / GRADIENT_OUTS)),
    flops: fieldFlops({ columns, terms, outs }),
  });
}
