/**
 * Rows of a parameter, and parameters side by side.
 *
 * @module
 */
import source from "../../shaders/concat.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Tensor } from "../graph/tensor.ts";
import { lanesOf } from "./lane.ts";
import { emitApart, emitJoin, partsOf } from "./parts.ts";

const kernels = shader("concat", { grid, ...lanesOf(1).part, concat: source });

interface Rows {
  readonly from: number;
  readonly count: number;
}

function sizesOf({ shape }: Tensor): { rows: number; width: number } {
  const [rows, width] = shape;
  if (shape.length !== 2 || typeof rows !== "number" || typeof width !== "number") {
    throw new TypeError(`Cannot build rows: the parameter must have shape [N, M], received ${formatShape(shape)}`);
  }
  return { rows, width };
}

const rowsOp: Op<Rows> = {
  name: "rows",
  outputs: ([x], { from, count }) => {
    const { rows, width } = sizesOf(x);
    if (!(from >= 0 && count > 0 && from + count <= rows)) {
      throw new RangeError(
        `Cannot build rows: the parameter has rows 0 to ${rows - 1}, received ${from} to ${from + count - 1}`,
      );
    }
    return [[count, width]];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes: { from, count } }) => {
    const { width } = sizesOf(x);
    const params = { rows: 1, count: count * width, x_width: 0, y_width: 0, from_column: from * width, to_column: 0 };
    k.run({ shader: kernels, entry: "copy_columns", bind: { x, y }, params, grid: Math.ceil(count * width / 256) });
  },
  backward: ({ inputs: [x], attributes: { from } }, [dy]) => [
    dy && apply(padRowsOp, [dy], { from, count: sizesOf(x).rows }),
  ],
};

const padRowsOp: Op<Rows> = {
  name: "pad_rows",
  outputs: ([x], { count }) => [[count, sizesOf(x).width]],
  emit: (k, { inputs: [x], outputs: [y], attributes: { from, count: total } }) => {
    const { rows, width } = sizesOf(x);
    const [count, size] = [rows * width, total * width];
    const params = { rows: 1, count, x_width: count, y_width: size, from_column: 0, to_column: from * width };
    k.run({ shader: kernels, entry: "pad", bind: { x, y }, params, grid: Math.ceil(size / 256) });
  },
};

/**
 * Takes rows of a parameter: y[n, :] = x[from + n, :].
 *
 * @param x `[N, M]`
 * @returns `[count, M]`
 * @throws {TypeError} when `x` is no matrix without a batch
 * @throws {RangeError} when the rows are not all rows of `x`
 */
export function rowsOfParameter(x: Tensor, from: number, count: number): Tensor {
  return apply(rowsOp, [x], { from, count });
}

function copyColumns(k: Emitter, x: Tensor, y: Tensor, from: number, to: number, count: number): void {
  const { rows, width } = sizesOf(x);
  const params = {
    rows,
    count,
    x_width: width,
    y_width: sizesOf(y).width,
    from_column: from,
    to_column: to,
  };
  k.run({ shader: kernels, entry: "copy_columns", bind: { x, y }, params, grid: Math.ceil(rows * count / 256) });
}

const sideBySideOp: Op<null> = {
  name: "side_by_side",
  outputs: (parts) => {
    const { rows } = sizesOf(parts[0]);
    const other = parts.find((part) => sizesOf(part).rows !== rows);
    if (other) {
      throw new TypeError(
        `Cannot build side_by_side: all parameters must have ${rows} rows, received ${formatShape(other.shape)}`,
      );
    }
    return [[rows, parts.reduce((sum, part) => sum + sizesOf(part).width, 0)]];
  },
  emit: (k, { inputs, outputs: [y] }) => {
    if (!k.gpu.adapter.software) {
      return emitJoin(k, partsOf(inputs, inputs.map((part) => sizesOf(part).width)), y, sizesOf(y));
    }
    let to = 0;
    for (const x of inputs) {
      const { width } = sizesOf(x);
      copyColumns(k, x, y, 0, to, width);
      to += width;
    }
  },
  backward: ({ inputs }, [dy]) => dy ? applyAll(apartOp, [dy], inputs.map((part) => sizesOf(part).width)) : [],
};

const apartOp: Op<readonly number[]> = {
  name: "apart",
  outputs: ([x], widths) => widths.map((width) => [sizesOf(x).rows, width]),
  emit: (k, { inputs: [x], outputs, attributes }) => {
    if (!k.gpu.adapter.software) {
      return emitApart(k, x, partsOf(outputs, attributes).filter(({ tensor }) => k.needed(tensor)), sizesOf(x));
    }
    let from = 0;
    outputs.forEach((y, i) => {
      if (k.needed(y)) copyColumns(k, x, y, from, 0, attributes[i]);
      from += attributes[i];
    });
  },
};

/**
 * Puts parameters side by side, so that one product applies them all.
 *
 * @param parts `[K, N_i]`
 * @returns `[K, sum_i N_i]`
 * @throws {TypeError} when a part is no matrix without a batch or has other rows
 */
export function sideBySide(...parts: Tensor[]): Tensor {
  return apply(sideBySideOp, parts, null);
}
