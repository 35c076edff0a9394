/**
 * Products, differences and multiples of tensors.
 *
 * @module
 */
import source from "../../../shaders/dense/arithmetic.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { lanesOf } from "../shape/lane.ts";
import { reshape } from "../shape/reshape.ts";
import { columnProductsKernel } from "./column_products.ts";
import { rowProductsKernel } from "./row_products.ts";

/** Counts of numbers that lie beside each other, and the factor of a multiple. */
interface Sizes {
  readonly size?: number;
  readonly divisor?: number;
  readonly modulus?: number;
  readonly width?: number;
  readonly factor?: number;
}

const NO_PARAMS: Required<Sizes> = { size: 0, divisor: 1, modulus: 1, width: 1, factor: 0 };

/** Appends a kernel; `runs` are the sizes that are counted in lanes, the widest that all of them divide into. */
function emitLanes(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  { runs, sizes = {}, grid: groups }: { runs: Sizes; sizes?: Sizes; grid: (params: Required<Sizes>) => number },
): void {
  const bits = Object.values(runs).reduce((all, size) => all | size, 0);
  const { width, part } = lanesOf(bits & -bits);
  const counted = Object.fromEntries(Object.entries(runs).map(([name, size]) => [name, size / width]));
  const params = { ...NO_PARAMS, ...sizes, ...counted };
  const kernels = shader("arithmetic", { grid, ...part, arithmetic: source });
  k.run({ shader: kernels, entry, bind, params: { ...params }, grid: Math.ceil(groups(params)) });
}

/** How the sizes of `b` lie in those of `a`: each element of `b` multiplies `inner` neighbours. */
export interface Broadcast {
  /** Elements of `a` beside each other that meet one element of `b`. */
  readonly inner: number;
  /** Whether `b` has the batch, so that no row meets another row's numbers. */
  readonly byRow: boolean;
}

/** Returns how `b` is repeated along `a`; undefined where its sizes are not among those of `a`. */
export function broadcastOf(a: Shape, b: Shape): Broadcast | undefined {
  const byRow = b.includes("B");
  let used = b.length;
  while (used > 0 && b[used - 1] === 1 && !(used === a.length && a[used - 1] === 1)) used--;
  const core = b.slice(0, used);
  const first = byRow ? 0 : a.length - b.length;
  if (first < 0 || a.slice(first, first + used).join() !== core.join()) return undefined;
  if (used === 0) return { inner: widthOf(a), byRow: false };
  return { inner: widthOf(a.slice(first + used)), byRow };
}

const multiplyOp: Op<null> = {
  name: "multiply",
  outputs: ([a, b]) => {
    if (!broadcastOf(a.shape, b.shape)) {
      throw new TypeError(
        `Cannot build multiply: b must have sizes of ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
      );
    }
    return [a.shape];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const size = sizeOf(y.shape, k.batch);
    const modulus = sizeOf(b.shape, k.batch);
    const { inner } = broadcastOf(a.shape, b.shape)!;
    const grid = (params: Required<Sizes>): number => params.size / 256;
    if (inner === 1) return emitLanes(k, "multiply", { a, b, y }, { runs: { size, modulus }, grid });
    const each = { runs: { size, divisor: inner }, sizes: { modulus }, grid };
    return emitLanes(k, "multiply_each", { a, factors: b, y }, each);
  },
  backward: ({ inputs: [a, b] }, [dy]) => {
    if (!dy) return [];
    return [multiply(dy, b), reduce(dy, a, b.shape)];
  },
};

/** Sums a product over all elements that one element of a tensor of `shape` was repeated for. */
function reduce(dy: Tensor, a: Tensor, shape: Shape): Tensor {
  const { inner, byRow } = broadcastOf(a.shape, shape)!;
  if (inner === 1) return byRow ? multiply(dy, a) : columnDot(dy, a, shape);
  const vectors = widthOf(a.shape) / inner;
  const hasBatch = a.shape.includes("B");
  if (byRow || (!hasBatch && vectors === widthOf(shape))) return dots(dy, a, shape);
  const rows = dots(dy, a, hasBatch ? ["B", vectors] : [vectors]);
  return columnDot(rows, filled(rows, 1), shape);
}

function dots(a: Tensor, b: Tensor, shape: Shape): Tensor {
  return apply(rowDotOp, [a, b], shape);
}

const rowDotOp: Op<Shape> = {
  name: "row_dot",
  outputs: ([a, b], shape) => {
    if (a.shape.join() !== b.shape.join()) {
      throw new TypeError(
        `Cannot build row_dot: b must have shape ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
      );
    }
    return [shape];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitKernel(k, rowDotKernel, { a, b, y }),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [multiply(b, dy), multiply(a, dy)] : [],
};

const rowDotKernel = rowProductsKernel((k, { a, b, y }, { rows: size, columns: width }) => {
  emitLanes(k, "row_dot", { a, b, sums: y }, { runs: { width }, sizes: { size }, grid: () => size / 64 });
});

/** Sums a product over rows: y[n] = sum_r a[r, n] b[r, n], in the shape of a row; one factor is 0 in padded rows. */
export function columnDot(a: Tensor, b: Tensor, shape: Shape): Tensor {
  return apply(columnDotOp, [a, b], shape);
}

const columnDotOp: Op<Shape> = {
  name: "column_dot",
  outputs: (_, shape) => [shape],
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitKernel(k, columnDotKernel, { a, b, y }),
};

const columnDotKernel = columnProductsKernel("column_dot", false, (k, { a, b, y }) => {
  const width = sizeOf(y.shape, k.batch);
  const sizes = { size: sizeOf(a.shape, k.batch) / width };
  emitLanes(k, "column_dot", { a, b, y }, { runs: { width }, sizes, grid: (params) => params.width });
});

const scaleOp: Op<number> = {
  name: "scale",
  outputs: ([a]) => [a.shape],
  emit: (k, { inputs: [a], outputs: [y], attributes }) => emitFactor(k, "scale", { a, y }, attributes),
  backward: ({ attributes }, [dy]) => [dy && scale(dy, attributes)],
};

const fillOp: Op<number> = {
  name: "fill",
  outputs: ([a]) => [a.shape],
  emit: (k, { outputs: [y], attributes }) => emitFactor(k, "fill", { y }, attributes),
  backward: () => [],
};

function emitFactor(k: Emitter, entry: string, bind: Record<string, Tensor>, factor: number): void {
  const runs = { size: sizeOf(bind.y.shape, k.batch) };
  emitLanes(k, entry, bind, { runs, sizes: { factor }, grid: ({ size }) => size / 256 });
}

const subtractOp: Op<null> = {
  name: "subtract",
  outputs: ([a, b]) => {
    if (a.shape.join() !== b.shape.join()) {
      throw new TypeError(
        `Cannot build subtract: b must have shape ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
      );
    }
    return [a.shape];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const runs = { size: sizeOf(y.shape, k.batch) };
    emitLanes(k, "subtract", { a, b, y }, { runs, grid: ({ size }) => size / 256 });
  },
  backward: (_, [dy]) => dy ? [dy, scale(dy, -1)] : [],
};

/**
 * Multiplies elementwise: y = a b.
 *
 * @param b the shape of `a`; or its last sizes (`[N]` for `[B, N]`), the same numbers for every row; or its first sizes
 * (`[B, F]` for `[B, F, D]`), one number for all that follows; ones at the end stand for sizes to repeat along (`[F, 1]`
 * for `[B, F, D]`)
 * @returns the shape of `a`
 * @throws {TypeError} when `b` has other sizes
 */
export function multiply(a: Tensor, b: Tensor): Tensor {
  return apply(multiplyOp, [a, b], null);
}

/** Multiplies all elements by a constant: y = constant x. */
export function scale(x: Tensor, constant: number): Tensor {
  return apply(scaleOp, [x], constant);
}

/**
 * Subtracts elementwise: y = a - b.
 *
 * @throws {TypeError} when the shapes differ
 */
export function subtract(a: Tensor, b: Tensor): Tensor {
  return apply(subtractOp, [a, b], null);
}

/** Fills a tensor of the shape of `like` with a constant. */
export function filled(like: Tensor, constant: number): Tensor {
  return apply(fillOp, [like], constant);
}

/**
 * Multiplies row by row: y[b] = sum_n a[b, n] b[b, n].
 *
 * @param a `[B, ...]`
 * @param b the shape of `a`
 * @returns `[B, 1]`
 * @throws {TypeError} when the shapes differ
 */
export function rowDot(a: Tensor, b: Tensor): Tensor {
  return dots(flat(a), flat(b), ["B", 1]);
}

/**
 * Multiplies along the last size: y[..., f] = sum_d a[..., f, d] b[..., f, d].
 *
 * @param a `[B, F, D]`
 * @param b the shape of `a`
 * @returns `[B, F]`
 * @throws {TypeError} when the shapes differ
 */
export function fieldDot(a: Tensor, b: Tensor): Tensor {
  return reshape(lastDot(a, b), a.shape.slice(0, -1));
}

/**
 * Multiplies vectors of the last size: y[..., 0] = sum_n a[..., n] b[..., n].
 *
 * @param a `[..., N]`
 * @param b the shape of `a`
 * @returns `[..., 1]`
 * @throws {TypeError} when the shapes differ
 */
export function lastDot(a: Tensor, b: Tensor): Tensor {
  return dots(a, b, [...a.shape.slice(0, -1), 1]);
}

function flat(x: Tensor): Tensor {
  return x.shape.length === 2 ? x : reshape(x, ["B", widthOf(x.shape)]);
}
