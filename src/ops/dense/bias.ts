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
import { gpuVariant, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { emitColumnSums } from "./column_sums.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";

/** Columns at most that a workgroup each is given for on a GPU. */
const MAX_COLUMNS = 4;

const bias = shader("bias", { grid, step, bias: source });

/** Bias added to each row. */
export const addBiasOp: Op<null> = {
  name: "add_bias",
  outputs: ([x, b]) => {
    if (widthOf(x.shape) !== widthOf(b.shape)) {
      throw new TypeError(
        `Cannot build add_bias: bias must have shape [${widthOf(x.shape)}], received ${formatShape(b.shape)}`,
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
      params: { size, width: widthOf(b.shape), batch: k.batch },
      grid: Math.ceil(size / 256),
    });
  },
  backward: (_, [dy]) => [dy, dy && columnSum(dy)],
};

/** The sum of the valid rows, the gradient of a bias. */
interface BiasGradient {
  readonly x: Tensor;
  readonly y: Tensor;
}

interface BiasProblem extends Problem {
  readonly batch: number;
  readonly width: number;
}

const size = ({ batch, width }: BiasProblem): number => batch * width;

/** A workgroup for each column reads single numbers a row apart, which is slow on a GPU where there are many. */
const byColumns: Variant<BiasGradient, BiasProblem> = {
  name: "columns",
  fits: () => true,
  cost: ({ kind }, problem) => size(problem) * (kind === "gpu" && problem.width > MAX_COLUMNS ? 2 : 0.5),
  emit: (k, { x, y }, { batch, width }) =>
    k.run({ shader: bias, entry: "column_sum", bind: { x, y }, params: { size: width, width, batch }, grid: width }),
};

const bySplits = gpuVariant<BiasGradient, BiasProblem>("splits", size, (k, { x, y }, { batch, width }) => {
  emitColumnSums(k, { a: x, rows: batch, columns: width, y });
});

const biasGradientKernel: Kernel<BiasGradient, BiasProblem> = {
  name: "bias_gradient",
  problem: ({ batch }, { y }) => ({ batch, width: widthOf(y.shape) }),
  variants: [byColumns, bySplits],
};

const columnSumOp: Op<null> = {
  name: "column_sum",
  outputs: ([x]) => [[widthOf(x.shape)]],
  emit: (k, { inputs: [x], outputs: [y] }) => emitKernel(k, biasGradientKernel, { x, y }),
};

/** Adds a bias `[N]` to each row of `[B, N]`. */
export function addBias(x: Tensor, b: Tensor): Tensor {
  return apply(addBiasOp, [x, b], null);
}

/** Sums the valid rows of `[B, N]`: y[n] = sum_b x[b, n], in an order that depends on B alone. */
export function columnSum(x: Tensor): Tensor {
  return apply(columnSumOp, [x], null);
}
