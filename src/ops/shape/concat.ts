/**
 * Columns side by side, and apart.
 *
 * @module
 */
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { type Dim, formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { filled } from "../dense/arithmetic.ts";
import { emitColumns } from "./column_copies.ts";
import { emitApart, emitJoin, partsOf, type WholeSizes } from "./parts.ts";

/** Columns of a matrix. */
interface Columns {
  readonly from: number;
  readonly count: number;
}

/** Returns the columns of a matrix, of which each row of the batch, and each of its places where it has some, is a row. */
function widthOfMatrix(name: string, { shape }: Tensor): number {
  const width = shape.at(-1);
  if (shape.length < 2 || shape[0] !== "B" || typeof width !== "number") {
    throw new TypeError(
      `Cannot build ${name}: inputs must have shape [B, N] or [B, L, N], received ${formatShape(shape)}`,
    );
  }
  return width;
}

function rowsOf(k: Emitter, x: Tensor): number {
  return sizeOf(x.shape.slice(0, -1), k.batch);
}

/** Returns the shape with the rows of a matrix and other columns. */
function withColumns({ shape }: Tensor, columns: number): Dim[] {
  return [...shape.slice(0, -1), columns];
}

/** Returns the rows and columns of a matrix. */
function sizesOf(k: Emitter, x: Tensor): WholeSizes {
  return { rows: rowsOf(k, x), width: widthOfMatrix("columns", x) };
}

/** The op behind {@linkcode concat}. */
export const concatOp: Op<null> = {
  name: "concat",
  outputs: (parts) => {
    const width = parts.reduce((sum, part) => sum + widthOfMatrix("concat", part), 0);
    const [first, ...others] = parts;
    const other = others.find(({ shape }) => shape.slice(0, -1).join() !== first.shape.slice(0, -1).join());
    if (other) {
      throw new TypeError(
        `Cannot build concat: all parts must have the rows of ${formatShape(first.shape)}, received ${
          formatShape(other.shape)
        }`,
      );
    }
    return [withColumns(first, width)];
  },
  emit: (k, { inputs, outputs: [y] }) => {
    const widths = inputs.map((part) => widthOfMatrix("concat", part));
    emitJoin(k, partsOf(inputs, widths), y, sizesOf(k, y));
  },
  backward: ({ inputs }, [dy], gradients) => {
    if (!dy) return [];
    return [...gradients.apart.get(dy) ?? split(dy, inputs.map((part) => widthOfMatrix("concat", part)))];
  },
};

/** Appends copies of columns of x, of so many each, to those of the outputs that somebody needs. */
export function emitSplit(k: Emitter, x: Tensor, outputs: readonly Tensor[]): void {
  const widths = outputs.map((y) => widthOfMatrix("split", y));
  emitApart(k, x, partsOf(outputs, widths), sizesOf(k, x));
}

/** The op behind {@linkcode split}. */
export const splitOp: Op<readonly number[]> = {
  name: "split",
  outputs: ([x], widths) => {
    const width = widthOfMatrix("split", x);
    const sum = widths.reduce((total, part) => total + part, 0);
    if (sum !== width) {
      throw new TypeError(`Cannot build split: parts must have ${width} columns together, received ${sum}`);
    }
    return widths.map((part) => withColumns(x, part));
  },
  emit: (k, { inputs: [x], outputs }) => emitSplit(k, x, outputs),
  backward: ({ outputs }, dOutputs) => [concat(...outputs.map((y, i) => dOutputs[i] ?? filled(y, 0)))],
};

const columnsOp: Op<Columns> = {
  name: "columns",
  outputs: ([x], { from, count }) => {
    const width = widthOfMatrix("columns", x);
    if (!(Number.isInteger(from) && Number.isInteger(count) && from >= 0 && count > 0 && from + count <= width)) {
      throw new RangeError(
        `Cannot build columns: the input has columns 0 to ${width - 1}, received ${from} to ${from + count - 1}`,
      );
    }
    return [withColumns(x, count)];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes: { from, count } }) => {
    const sizes = { count, x_width: widthOfMatrix("columns", x), y_width: count, from_column: from };
    emitColumns(k, "copy_columns", { x, y }, rowsOf(k, x), sizes);
  },
  backward: ({ inputs: [x], attributes: { from } }, [dy], gradients) => {
    if (!dy) return [];
    const rest = gradients.take(x);
    if (rest) return [apply(addColumnsOp, [rest, dy], from)];
    return [apply(padOp, [dy], { from, count: widthOfMatrix("columns", x) })];
  },
};

/** Adds a matrix to columns of a wider one, from the column of the attribute on. */
const addColumnsOp: Op<number> = {
  name: "add_columns",
  outputs: ([wide]) => [wide.shape],
  emit: (k, { inputs: [rest, x], outputs: [y], attributes: from }) => {
    const [width, all] = [x, y].map((tensor) => widthOfMatrix("add_columns", tensor));
    const sizes = { count: width, x_width: width, y_width: all, to_column: from };
    emitColumns(k, "add_columns", { x, rest, y }, rowsOf(k, x), sizes);
  },
  backward: ({ inputs: [, x], attributes: from }, [dy]) => [dy, dy && columns(dy, from, widthOfMatrix("columns", x))],
};

/** Puts a matrix into one of `count` columns, all others 0. */
const padOp: Op<Columns> = {
  name: "pad",
  outputs: ([x], { from, count }) => {
    const width = widthOfMatrix("pad", x);
    if (!(Number.isInteger(count) && from + width <= count)) {
      throw new RangeError(`Cannot build pad: the input has ${width} columns, received ${count} for the result`);
    }
    return [withColumns(x, count)];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes: { from, count } }) => {
    const width = widthOfMatrix("pad", x);
    const sizes = { count: width, x_width: width, y_width: count, to_column: from };
    emitColumns(k, "pad", { x, y }, rowsOf(k, x), sizes);
  },
  backward: ({ inputs: [x], attributes: { from } }, [dy]) => [dy && columns(dy, from, widthOfMatrix("pad", x))],
};

/**
 * Puts matrices side by side: y[b, :] = (parts_0[b, :], parts_1[b, :], ...).
 *
 * @param parts `[B, N_i]`, or `[B, L, N_i]` side by side at each place
 * @returns `[B, sum_i N_i]` or `[B, L, sum_i N_i]`
 * @throws {TypeError} when a part is not a matrix, or the rows differ
 */
export function concat(...parts: Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : apply(concatOp, parts, null);
}

/**
 * Takes columns of a matrix: y[b, n] = x[b, from + n].
 *
 * @param x `[B, N]` or `[B, L, N]`
 * @returns `[B, count]` or `[B, L, count]`
 * @throws {TypeError} when `x` is not a matrix
 * @throws {RangeError} when the columns are not all columns of `x`
 */
export function columns(x: Tensor, from: number, count: number): Tensor {
  return apply(columnsOp, [x], { from, count });
}

/**
 * Appends columns of zeros to a matrix: y[b, n] = x[b, n] for n < N, 0 for others.
 *
 * @param x `[B, N]` or `[B, L, N]`
 * @param count columns of the result, N or more
 * @returns `[B, count]` or `[B, L, count]`
 * @throws {RangeError} when `x` has more columns
 */
export function pad(x: Tensor, count: number): Tensor {
  return apply(padOp, [x], { from: 0, count });
}

/**
 * Takes a matrix apart: the reverse of {@linkcode concat}.
 *
 * @param x `[B, N]` or `[B, L, N]`
 * @param widths columns of each part, N together
 * @returns parts `[B, widths_i]` or `[B, L, widths_i]`
 * @throws {TypeError} when the widths do not add up to N
 */
export function split(x: Tensor, widths: readonly number[]): Tensor[] {
  return widths.length === 1 && widths[0] === x.shape.at(-1) ? [x] : [...applyAll(splitOp, [x], widths)];
}
