/**
 * Products, differences and multiples of tensors.
 *
 * @module
 */
import source from "../../shaders/arithmetic.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Shape, sizeOf, type Tensor, widthOf } from "../graph/tensor.ts";
import { reshape } from "./reshape.ts";

const kernels = shader("arithmetic", { grid, arithmetic: source });

const NO_PARAMS = { size: 0, divisor: 1, modulus: 1, width: 1, factor: 0 };

/** How the sizes of `b` lie in those of `a`: each element of `b` multiplies `inner` neighbours. */
interface Broadcast {
  /** Elements of `a` beside each other that meet one element of `b`. */
  readonly inner: number;
  /** Whether `b` has the batch, so that no row meets another row's numbers. */
  readonly byRow: boolean;
}

function broadcastOf(a: Shape, b: Shape): Broadcast | undefined {
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
    const divisor = broadcastOf(a.shape, b.shape)!.inner;
    const params = { ...NO_PARAMS, size, divisor, modulus };
    k.run({ shader: kernels, entry: "multiply", bind: { a, b, y }, params, grid: Math.ceil(size / 256) });
  },
  backward: ({ inputs: [a, b] }, [dy]) => {
    if (!dy) return [];
    return [multiply(dy, b), reduce(dy, a, b.shape)];
  },
};

/** Sums a product over all elements that one element of a tensor of `shape` was repeated for. */
function reduce(dy: Tensor, a: Tensor, shape: Shape): Tensor {
  const { inner, byRow } = broadcastOf(a.shape, shape)!;
  if (inner === 1) return byRow ? multiply(dy, a) : apply(columnDotOp, [dy, a], shape);
  const rows = dots(dy, a, byRow ? shape : ["B", widthOf(a.shape) / inner]);
  return byRow ? rows : apply(columnDotOp, [rows, filled(rows, 1)], shape);
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
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const size = sizeOf(y.shape, k.batch);
    const params = { ...NO_PARAMS, size, width: sizeOf(a.shape, k.batch) / size };
    k.run({ shader: kernels, entry: "row_dot", bind: { a, b, y }, params, grid: Math.ceil(size / 64) });
  },
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [multiply(b, dy), multiply(a, dy)] : [],
};

const columnDotOp: Op<Shape> = {
  name: "column_dot",
  outputs: (_, shape) => [shape],
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const width = sizeOf(y.shape, k.batch);
    const params = { ...NO_PARAMS, size: sizeOf(a.shape, k.batch) / width, width };
    k.run({ shader: kernels, entry: "column_dot", bind: { a, b, y }, params, grid: width });
  },
};

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
  const size = sizeOf(bind.y.shape, k.batch);
  k.run({ shader: kernels, entry, bind, params: { ...NO_PARAMS, size, factor }, grid: Math.ceil(size / 256) });
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
    const size = sizeOf(y.shape, k.batch);
    k.run({
      shader: kernels,
      entry: "subtract",
      bind: { a, b, y },
      params: { ...NO_PARAMS, size },
      grid: Math.ceil(size / 256),
    });
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

function flat(x: Tensor): Tensor {
  return x.shape.length === 2 ? x : reshape(x, ["B", widthOf(x.shape)]);
}
