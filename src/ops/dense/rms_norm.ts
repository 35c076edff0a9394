/**
 * Root mean square normalization over the last size.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/rms_norm.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { lanesOf } from "../shape/lane.ts";
import { normKernel } from "./layer_norm_forward.ts";
import { normGradientsKernel } from "./layer_norm_gradients.ts";
import { columnsOf } from "./matmul_layout.ts";

const forwardKernel = normKernel("rms_norm", false, (k, { x, gamma, y, moments, epsilon }) => {
  emitRows(k, "forward", { x, gamma, y, moments }, epsilon);
});

const rmsNormOp: Op<number> = {
  name: "rms_norm",
  outputs: ([x, gamma]) => {
    const width = columnsOf("rms_norm", x);
    if (gamma.shape.join() !== `${width}`) {
      throw new TypeError(
        `Cannot build rms_norm: the scale must have shape [${width}], received ${formatShape(gamma.shape)}`,
      );
    }
    return [x.shape, ["B", 2 * widthOf(x.shape) / width]];
  },
  emit: (k, { inputs: [x, gamma], outputs: [y, moments], attributes: epsilon }) =>
    emitKernel(k, forwardKernel, { x, gamma, y, moments, epsilon }),
  backward: ({ inputs: [x, gamma], outputs: [, saved] }, [dy]) =>
    dy ? applyAll(gradientsOp, [x, gamma, saved, dy], null) : [],
};

const gradientsKernel = normGradientsKernel("rms_norm_gradients", false, (k, { x, gamma, saved, dy, dx }) => {
  emitRows(k, "gradient", { x, gamma, saved, dy, y: dx }, 0);
});

/** The gradient by the scale is that of layer normalization with means of 0, whose gradient by the shift is not read. */
const gradientsOp: Op<null> = {
  name: "rms_norm_backward",
  outputs: ([x, gamma]) => [x.shape, gamma.shape],
  emit: (k, { inputs: [x, gamma, saved, dy], outputs: [dx, dGamma] }) =>
    emitKernel(k, gradientsKernel, { x, gamma, saved, dy, dx, dGamma, dBeta: k.scratch(gamma.shape) }),
};

function emitRows(k: Emitter, entry: "forward" | "gradient", bind: Record<string, Tensor>, epsilon: number): void {
  const numbers = columnsOf("rms_norm", bind.x);
  const { part, count: width } = lanesOf(numbers);
  const rows = sizeOf(bind.x.shape, k.batch) / numbers;
  k.run({
    shader: shader("rms_norm", { grid, ...part, rms_norm: source }),
    entry,
    bind,
    params: { rows, width, numbers, epsilon },
    grid: Math.ceil(rows / 64),
  });
}

/**
 * Divides each row of the last size by its root mean square: y = gamma x / sqrt(mean(x^2) + eps).
 *
 * @param x `[B, ..., N]`
 * @param gamma `[N]`
 * @returns the shape of `x`
 * @throws {TypeError} when the scale has another shape
 */
export function rmsNorm(x: Tensor, gamma: Tensor, eps = 1e-6): Tensor {
  return apply(rmsNormOp, [x, gamma], eps);
}
