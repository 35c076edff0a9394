/**
 * Element products of pairs of fields, some pairs at a time, and copies of rows.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/pair_elements.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf, spanOf } from "../shape/lane.ts";
import { pairSizes, type PairWindow } from "./pairs.ts";

const elementsOp: Op<PairWindow> = {
  name: "pairElements",
  outputs: (_, { pairs, dim }) => [["B", pairs * dim]],
  emit: (k, { inputs: [u, x], outputs: [r], attributes }) => emitElements(k, attributes, { u, x, r }),
  backward: ({ inputs: [u, x], attributes }, [dr]) => dr ? applyAll(backwardOp, [u, x, dr], attributes) : [],
};

const backwardOp: Op<PairWindow> = {
  name: "pairElementsBackward",
  outputs: ([u, x]) => [u.shape, x.shape],
  emit: (k, { inputs: [u, x, dr], outputs: [du, dx], attributes }) =>
    emitElementsBackward(k, attributes, { u, x, dr, du, dx }, false),
};

/** Appends r = left_i * right_j for a window of pairs. */
export function emitElements(k: Emitter, window: PairWindow, bind: Record<"u" | "x" | "r", Tensor>): void {
  emitPairs(k, window, { entry: "products", bind, rows: k.batch * window.pairs, span: spanOn(k, window) });
}

/** The gradients by both factors of a window of pairs. */
export interface ElementGradients {
  readonly window: PairWindow;
  readonly bind: Record<"u" | "x" | "dr" | "du" | "dx", Tensor>;
  /** Whether they are added to what is there. */
  readonly accumulates: boolean;
}

/** Sizes that the choice of a kernel depends on. */
export interface ElementProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
  /** Pairs of the window. */
  readonly pairs: number;
}

/** Returns the operations of the gradients. */
export function elementFlops({ batch, dim, pairs }: ElementProblem): number {
  return 4 * batch * dim * pairs;
}

/** The gradients; on GPUs a thread takes one field of a sample, and reads what it needs. */
export const elementGradientKernel: Kernel<ElementGradients, ElementProblem> = {
  name: "pair_element_gradients",
  problem: ({ batch }, { window: { fields, dim, pairs } }) => ({ batch, fields, dim, pairs }),
  variants: [gpuVariant("gpu", elementFlops, (k, { window, bind, accumulates }) => {
    emitPairs(k, window, { entry: "backward_field", bind, rows: k.batch * window.fields, span: 1 }, accumulates);
  })],
};

/** Appends the gradients by both factors, in place of what is there or on top of it. */
export function emitElementsBackward(
  k: Emitter,
  window: PairWindow,
  bind: Record<"u" | "x" | "dr" | "du" | "dx", Tensor>,
  accumulates: boolean,
): void {
  emitKernel(k, elementGradientKernel, { window, bind, accumulates });
}

/** Returns how many lanes of a pair one thread takes on a device. */
export function spanOn({ gpu }: Emitter, { dim }: PairWindow): number {
  return spanOf(gpu.profile, lanesOf(dim).count);
}

/** How a kernel over a window of pairs is launched. */
export interface PairLaunch {
  /** Entry point. */
  readonly entry: string;
  readonly bind: Readonly<Record<string, Tensor>>;
  /** Rows of D numbers that threads divide among them. */
  readonly rows: number;
  /** Lanes of a row that one thread takes. */
  readonly span: number;
}

/** Appends a kernel over a window of pairs. */
export function emitPairs(
  k: Emitter,
  { fields, dim, first, pairs }: PairWindow,
  { entry, bind, rows, span }: PairLaunch,
  accumulates = false,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("pair_elements", { grid, ...lanes.part, pair_elements: source, pair_order: order }),
    entry,
    bind,
    constants: { LANES: lanes.count, SPAN: span },
    params: { ...NO_COPY, batch: k.batch, fields, first, pairs, accumulates: Number(accumulates) },
    grid: Math.ceil(rows * Math.ceil(lanes.count / span) / 64),
  });
}

/** Parameters of the shader that concern copies alone, and those that do not concern them. */
const NO_COPY = { from_lane: 0, to: 0, size: 0, limit: 0 };
const NO_PAIRS = { batch: 0, fields: 2, first: 0, pairs: 1, accumulates: 0 };

/** Rows of a copy. */
export interface CopiedRows {
  /** First row that is read. */
  readonly from: number;
  /** First row that is written. */
  readonly to: number;
  /** Rows that are written. */
  readonly count: number;
  /** Rows that are read; the others are filled with zeros. @default {count} */
  readonly limit?: number;
}

/** Appends a copy of rows of one matrix to rows of another one. */
export function emitCopyRows(k: Emitter, w: Tensor, y: Tensor, { from, to, count, limit = count }: CopiedRows): void {
  const lanes = lanesOf(widthOf(w.shape.slice(1)));
  emitLanes(k, "copy", { w, y }, {
    from_lane: from * lanes.count,
    to: to * lanes.count,
    size: count * lanes.count,
    limit: limit * lanes.count,
  });
}

/** Appends y += w. */
export function emitAccumulate(k: Emitter, w: Tensor, y: Tensor): void {
  const size = sizeOf(y.shape, k.batch) / lanesOf(widthOf(y.shape.slice(1))).width;
  emitLanes(k, "accumulate", { w, y }, { ...NO_COPY, size });
}

function emitLanes(k: Emitter, entry: string, bind: Record<"w" | "y", Tensor>, params: typeof NO_COPY): void {
  const lanes = lanesOf(widthOf(bind.w.shape.slice(1)));
  k.run({
    shader: shader("pair_elements", { grid, ...lanes.part, pair_elements: source, pair_order: order }),
    entry,
    bind,
    params: { ...NO_PAIRS, ...params },
    grid: Math.ceil(params.size / 64),
  });
}

/**
 * Multiplies all pairs of fields by element: r[b, p, :] = u[b, i, :] x[b, j, :] for the p-th pair i < j.
 *
 * @param u left factors `[B, F, D]`
 * @param x right factors `[B, F, D]`
 * @returns `[B, P D]` with P = F (F - 1) / 2, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @throws {TypeError} when the shapes are not equal or not `[B, F, D]`
 * @throws {RangeError} when there are less than two fields
 */
export function pairElements(u: Tensor, x: Tensor): Tensor {
  const sizes = pairSizes("pairElements", u);
  if (u.shape.join() !== x.shape.join()) {
    throw new TypeError(
      `Cannot build pairElements: x must have shape ${formatShape(u.shape)}, received ${formatShape(x.shape)}`,
    );
  }
  return apply(elementsOp, [u, x], { ...sizes, first: 0 });
}
