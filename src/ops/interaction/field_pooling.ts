/**
 * Pooling along the field axis.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/field_pooling.wgsl" with { type: "text" };
import topSource from "../../../shaders/interaction/field_top.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { fieldsOf } from "./field_padding.ts";

const kernels = shader("field_pooling", { grid, field_pooling: source });
const topKernels = shader("field_top", { grid, field_top: topSource });

/** Time to compare two numbers, row by row and eight rows at a time. */
const COMPARE = { rows: { gpu: 4, software: 1 }, eights: { gpu: 1, software: 4 } };

interface Pooling {
  readonly kind: "largest" | "top";
  /** Maps C; each has its rows one after the other. */
  readonly channels: number;
  /** Rows of a window, or rows kept. */
  readonly size: number;
}

/** Returns rows of a map before and after pooling, and the rows of padding in front. */
function rowsOf(x: Tensor, { kind, channels, size }: Pooling): { from: number; to: number; before: number } {
  const from = fieldsOf("field_pooling", x).rows / channels;
  if (!Number.isInteger(from)) {
    throw new TypeError(`Cannot build field_pooling: ${channels} channels must divide the rows, received ${from}`);
  }
  if (!(Number.isInteger(size) && size > 0 && (kind === "largest" || size <= from))) {
    throw new RangeError(`Cannot build field_pooling: ${from} rows have no pools of that size, received ${size}`);
  }
  if (kind === "top") return { from, to: size, before: 0 };
  return { from, to: Math.ceil(from / size), before: Math.min(from % size, Math.floor(size / 2)) };
}

const poolingOp: Op<Pooling> = {
  name: "field_pooling",
  outputs: ([x], attributes) => {
    const { dim } = fieldsOf("field_pooling", x);
    return [["B", attributes.channels * rowsOf(x, attributes).to, dim]];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, attributes.kind, { x, y }, attributes),
  backward: ({ inputs: [x], attributes }, [dy]) => [dy && apply(poolingBackwardOp, [x, dy], attributes)],
};

const poolingBackwardOp: Op<Pooling> = {
  name: "field_pooling_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dy], outputs: [dx], attributes }) =>
    emit(k, `${attributes.kind}_backward`, { x, dy, y: dx }, attributes),
};

/** The largest rows, or the gradient by them: what a kernel binds. */
interface TopTask {
  readonly entry: string;
  readonly bind: Record<string, Tensor>;
  readonly attributes: Pooling;
}

/** Sizes that the choice of a kernel depends on. */
interface TopProblem extends Problem {
  readonly columns: number;
  readonly rows: number;
}

function topVariant(name: string, kernels: Shader, each: (typeof COMPARE)["rows"]): Variant<TopTask, TopProblem> {
  return {
    name,
    fits: () => true,
    cost: (profile, { columns, rows }) => costOn(profile, columns * rows * rows, each),
    emit: (k, { entry, bind, attributes }) => emitEntry(k, kernels, entry, bind, attributes),
  };
}

/** The largest rows of maps, and the gradient by them. */
const topKernel: Kernel<TopTask, TopProblem> = {
  name: "field_top",
  problem: ({ batch }, { bind: { x }, attributes }) => {
    const { dim } = fieldsOf("field_pooling", x);
    return { columns: batch * attributes.channels * dim, rows: rowsOf(x, attributes).from };
  },
  variants: [topVariant("rows", kernels, COMPARE.rows), topVariant("eights", topKernels, COMPARE.eights)],
};

function emit(k: Emitter, entry: string, bind: Record<string, Tensor>, attributes: Pooling): void {
  if (attributes.kind === "top") emitKernel(k, topKernel, { entry, bind, attributes });
  else emitEntry(k, kernels, entry, bind, attributes);
}

function emitEntry(
  k: Emitter,
  shader: Shader,
  entry: string,
  bind: Record<string, Tensor>,
  attributes: Pooling,
): void {
  const { dim } = fieldsOf("field_pooling", bind.x);
  const { from, to, before } = rowsOf(bind.x, attributes);
  const maps = k.batch * attributes.channels;
  k.run({
    shader,
    entry,
    bind,
    params: { maps, from_rows: from, to_rows: to, dim, size: attributes.size, before },
    grid: Math.ceil(maps * dim * (attributes.kind === "top" ? 1 : to) / 64),
  });
}

/**
 * Takes the largest of each `size` rows of a map, dimension by dimension; rows that do not fill windows are padded in
 * front, by half a window at most.
 *
 * @param x `[B, C N, D]`: C maps of N rows
 * @returns `[B, C M, D]` with M = ceil(N / size)
 * @throws {TypeError} when the channels do not divide the rows
 * @throws {RangeError} when the size is not a positive integer
 */
export function largestOfWindows(x: Tensor, channels: number, size: number): Tensor {
  return apply(poolingOp, [x], { kind: "largest", channels, size });
}

/**
 * Keeps the `size` largest rows of a map, dimension by dimension, in their order.
 *
 * @param x `[B, C N, D]`: C maps of N rows
 * @returns `[B, C size, D]`
 * @throws {TypeError} when the channels do not divide the rows
 * @throws {RangeError} when a map has fewer rows
 */
export function largestRows(x: Tensor, channels: number, size: number): Tensor {
  return apply(poolingOp, [x], { kind: "top", channels, size });
}
