/**
 * A bias added to every row.
 *
 * @module
 */
import source from "../../../shaders/dense/bias.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { emitColumnSums } from "./column_sums.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";

/** Columns, and rows of them, at most that a workgroup each is given for on a GPU. */
const BY_COLUMNS = { columns: 4, rows: 4096 };

/** Numbers that a processor adds in the time that the threads of a workgroup take to meet. */
const GROUP_ON_PROCESSOR = 4096;

const bias = shader("bias", { grid, step, bias: source });

/** Bias added to each row, or to each vector of the last size. */
export const addBiasOp: Op<null> = {
  name: "add_bias",
  outputs: ([x, b]) => {
    const fits = [widthOf(x.shape), x.shape.at(-1)];
    if (!fits.includes(widthOf(b.shape))) {
      throw new TypeError(
        `Cannot build add_bias: bias must have shape ${
          [...new Set(fits)].map((width) => `[${width}]`).join(" or ")
        }, received ${formatShape(b.shape)}`,
      );
    }
    return [x.shape];
  },
  emit: (k, { inputs: [x, b], outputs: [y] }) => {
    const size = sizeOf(y.shape, k.batch);
    k.run({
      shader: bias,
      entry: "add_bias",
      bind: { x, b, y },
      params: { size, width: widthOf(b.shape), batch: k.batch, each: 1 },
      grid: Math.ceil(size / 256),
    });
  },
  backward: ({ inputs: [, b] }, [dy]) => [dy, dy && apply(columnSumOp, [dy], widthOf(b.shape))],
};

/** The sum of the valid rows, the gradient of a bias. */
interface BiasGradient {
  readonly x: Tensor;
  readonly y: Tensor;
}

interface BiasProblem extends Problem {
  readonly batch: number;
  /** Rows of a sample. */
  readonly each: number;
  readonly width: number;
}

const size = ({ batch, each, width }: BiasProblem): number => batch * each * width;

/** A workgroup for each column reads single numbers a row apart, which is slow on a GPU where either are many. */
const byColumns: Variant<BiasGradient, BiasProblem> = {
  name: "columns",
  fits: () => true,
  cost: (profile, problem) => {
    const { batch, each, width } = problem;
    const isSlow = width > BY_COLUMNS.columns || batch * each > BY_COLUMNS.rows;
    const onGpu = size(problem) * (isSlow ? 2 : 0.5);
    const onProcessor = 0.5 * (size(problem) + GROUP_ON_PROCESSOR * width);
    return costOn(profile, 1, { gpu: onGpu, software: onProcessor });
  },
  emit: (k, { x, y }, { batch, each, width }) => {
    const params = { size: width, width, batch, each };
    k.run({ shader: bias, entry: "column_sum", bind: { x, y }, params, grid: width });
  },
};

const bySplits = gpuVariant<BiasGradient, BiasProblem>("splits", size, (k, { x, y }, { batch, each, width }) => {
  emitColumnSums(k, { a: x, rows: batch * each, columns: width, y });
});

const biasGradientKernel: Kernel<BiasGradient, BiasProblem> = {
  name: "bias_gradient",
  problem: ({ batch }, { x, y }) => ({ batch, each: widthOf(x.shape) / widthOf(y.shape), width: widthOf(y.shape) }),
  variants: [byColumns, bySplits],
};

/** The attribute is the number of columns; a sample may have several rows of them. */
const columnSumOp: Op<number> = {
  name: "column_sum",
  outputs: (_, width) => [[width]],
  emit: (k, { inputs: [x], outputs: [y] }) => emitKernel(k, biasGradientKernel, { x, y }),
};

/**
 * Adds a bias to each row, or to each vector of the last size.
 *
 * @param x `[B, ..., N]`
 * @param b as wide as a row or as the last size
 * @returns the shape of `x`
 * @throws {TypeError} when the bias has another width
 */
export function addBias(x: Tensor, b: Tensor): Tensor {
  return apply(addBiasOp, [x, b], null);
}

/** Sums the valid rows of `[B, N]`: y[n] = sum_b x[b, n], in an order that depends on B alone. */
export function columnSum(x: Tensor): Tensor {
  return apply(columnSumOp, [x], widthOf(x.shape));
}
