/**
 * Products of groups of columns with a matrix each.
 *
 * @module
 */
import source from "../../../shaders/dense/grouped_matmul.wgsl" with { type: "text" };
import quadsSource from "../../../shaders/dense/grouped_quads.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { windowBytes } from "../shape/scratch.ts";

/** Rows, or numbers of a group, that one invocation takes; `ROWS` in the shader. */
const ROWS = 4;

/** Rows that one invocation of the kernel in fours takes; `ROWS` in its shader. */
const QUAD_ROWS = 8;

/**
 * Slices of the batch that the gradient of the matrices is summed over, and the bytes that they may take: few suffice for
 * large matrices, whose blocks are many.
 */
const SLICES = 32;
const SLICES_BYTES = 1 << 25;

const quads = shader("grouped_quads", { grid, grouped_quads: quadsSource });

function run(
  k: Emitter,
  entry: string,
  w: Tensor,
  bind: Record<string, Tensor>,
  count: (sizes: { groups: number; inner: number; lanes: number; slices: number }) => number,
): void {
  const [groups, inner, outer] = w.shape as readonly number[];
  const { part, count: lanes } = lanesOf(outer);
  const { slice, slices } = slicesOf(k, w.shape);
  k.run({
    shader: shader("grouped_matmul", { grid, ...part, grouped_matmul: source }),
    entry,
    bind,
    params: { batch: k.batch, groups, inner, lanes, slice, slices },
    grid: Math.ceil(count({ groups, inner, lanes, slices }) / 64),
    flops: entry === "merge" ? undefined : 2 * k.batch * groups * inner * outer,
  });
}

/** Whether both widths of the matrices divide into fours. */
function inQuads(w: Tensor): boolean {
  return Number(w.shape[1]) % 4 === 0 && Number(w.shape[2]) % 4 === 0;
}

function productBlocks(k: Emitter, groups: number, outer: number): number {
  return Math.ceil(k.batch / QUAD_ROWS) * groups * Math.ceil(outer / 2);
}

/** Groups, fours of the matrices' widths, and slices of the batch. */
interface QuadSizes {
  readonly groups: number;
  readonly inner: number;
  readonly outer: number;
  readonly slices: number;
}

function runQuads(
  k: Emitter,
  entry: string,
  shape: Shape,
  bind: Record<string, Tensor>,
  count: (sizes: QuadSizes) => number,
): void {
  const [groups, rows, columns] = shape;
  const { slice, slices } = slicesOf(k, shape);
  const sizes = { groups: Number(groups), inner: Number(rows) / 4, outer: Number(columns) / 4, slices };
  k.run({
    shader: quads,
    entry,
    bind,
    params: { batch: k.batch, slice, ...sizes },
    grid: Math.ceil(count(sizes) / 64),
    flops: bind.x ? 2 * k.batch * sizes.groups * Number(rows) * Number(columns) : undefined,
  });
}

/** Returns how the batch is cut for the gradient of matrices `[G, I, J]`. */
function slicesOf({ batch, gpu }: Emitter, matrices: Shape): { slice: number; slices: number } {
  const fitting = Math.floor(windowBytes(gpu, SLICES_BYTES) / (4 * widthOf(matrices)));
  const slice = Math.ceil(batch / Math.max(1, Math.min(SLICES, batch, fitting)));
  return { slice, slices: Math.ceil(batch / slice) };
}

function checkMatrices(name: string, x: Tensor, w: Tensor, side: 1 | 2): void {
  const [groups, ...sizes] = w.shape;
  const width = widthOf(x.shape);
  const fits = x.shape.length === 2 && x.shape[0] === "B" && w.shape.length === 3 && !w.shape.includes("B") &&
    width === Number(groups) * Number(sizes[side - 1]);
  if (!fits) {
    throw new TypeError(
      `Cannot build ${name}: x must have shape [B, G ${side === 1 ? "I" : "J"}] for matrices [G, I, J] of shape ${
        formatShape(w.shape)
      }, received ${formatShape(x.shape)}`,
    );
  }
}

const productOp: Op<null> = {
  name: "grouped_matmul",
  outputs: ([x, w]) => {
    checkMatrices("grouped_matmul", x, w, 1);
    return [["B", Number(w.shape[0]) * Number(w.shape[2])]];
  },
  emit: (k, { inputs: [x, w], outputs: [y] }) =>
    inQuads(w)
      ? runQuads(k, "product", w.shape, { x, w, y }, ({ groups, outer }) => productBlocks(k, groups, outer))
      : run(k, "product", w, { x, w, y_lanes: y }, ({ groups, lanes }) => Math.ceil(k.batch / ROWS) * groups * lanes),
  backward: ({ inputs: [x, w] }, [dy]) =>
    dy ? [apply(transposedOp, [dy, w], null), apply(columnProductOp, [x, dy, w], null)] : [],
};

const transposedOp: Op<null> = {
  name: "grouped_matmul_nt",
  outputs: ([x, w]) => {
    checkMatrices("grouped_matmul_nt", x, w, 2);
    return [["B", Number(w.shape[0]) * Number(w.shape[1])]];
  },
  emit: (k, { inputs: [x, w], outputs: [y] }) => {
    if (!inQuads(w)) {
      run(k, "product_nt", w, { x_lanes: x, w, y }, ({ groups, inner }) => Math.ceil(k.batch / ROWS) * groups * inner);
      return;
    }
    const [groups, inner, outer] = w.shape;
    const turned = k.scratch(w.shape);
    runQuads(k, "transpose_matrices", w.shape, { w, y: turned }, (sizes) => sizes.groups * sizes.inner * sizes.outer);
    const blocks = (sizes: QuadSizes): number => productBlocks(k, sizes.groups, sizes.outer);
    runQuads(k, "product", [groups, outer, inner], { x, w: turned, y }, blocks);
  },
};

const columnProductOp: Op<null> = {
  name: "grouped_matmul_tn",
  outputs: ([, , w]) => [w.shape],
  emit: (k, { inputs: [x, dy, w], outputs: [dw] }) => {
    const partial = k.scratch([slicesOf(k, w.shape).slices, widthOf(w.shape)]);
    if (inQuads(w)) {
      const blocks = ({ slices, groups, inner, outer }: QuadSizes): number =>
        slices * groups * Math.ceil(inner / 2) * Math.ceil(outer / 2);
      runQuads(k, "slices", w.shape, { x, dy, y: partial }, blocks);
    } else {
      run(
        k,
        "slices",
        w,
        { x, dy, y_lanes: partial },
        ({ groups, inner, lanes, slices }) => slices * groups * Math.ceil(inner / ROWS) * lanes,
      );
    }
    run(k, "merge", w, { partial, y_lanes: dw }, ({ groups, inner, lanes }) => groups * inner * lanes);
  },
};

/**
 * Multiplies each of G groups of columns by a matrix of its own: y[b, g, :] = x[b, g, :] W_g.
 *
 * @param x `[B, G I]`, group by group
 * @param w `[G, I, J]`
 * @returns `[B, G J]`, group by group
 * @throws {TypeError} when the shapes do not fit
 */
export function groupedMatmul(x: Tensor, w: Tensor): Tensor {
  return apply(productOp, [x, w], null);
}
