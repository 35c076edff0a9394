/**
 * Layer normalization over the last size.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/layer_norm.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { lanesOf } from "../shape/lane.ts";
import { normKernel } from "./layer_norm_forward.ts";
import { normGradientsKernel } from "./layer_norm_gradients.ts";
import { columnsOf } from "./matmul_layout.ts";

const forwardKernel = normKernel("layer_norm", true, (k, { epsilon, ...bind }) => {
  emitRows(k, "forward", bind.gamma, bind, epsilon);
});

const layerNormOp: Op<number> = {
  name: "layer_norm",
  outputs: ([x, ...columns]) => {
    const width = columnsOf("layer_norm", x);
    const rows = widthOf(x.shape) / width;
    const allowed = [`${width}`, `${rows},${width}`];
    const other = columns.find(({ shape }) =>
      !allowed.includes(shape.join()) || shape.join() !== columns[0].shape.join()
    );
    if (other) {
      throw new TypeError(
        `Cannot build layer_norm: parameters must have shape [${width}] or [${rows}, ${width}], received ${
          formatShape(other.shape)
        }`,
      );
    }
    return [x.shape, ["B", 2 * widthOf(x.shape) / width]];
  },
  emit: (k, { inputs: [x, gamma, beta], outputs: [y, moments], attributes: epsilon }) =>
    emitKernel(k, forwardKernel, { x, gamma, beta, y, moments, epsilon }),
  backward: ({ inputs: [x, gamma], outputs: [, moments] }, [dy], gradients) => {
    if (!dy) return [];
    const rest = gradients.take(x);
    return applyAll(gradientsOp, [x, gamma, moments, dy, ...(rest ? [rest] : [])], null);
  },
};

const gradientsKernel = normGradientsKernel("layer_norm_gradients", true, (k, { x, gamma, saved, dy, rest, dx }) => {
  emitRows(k, rest ? "gradient_and_rest" : "gradient", gamma, { x, gamma, saved, dy, rest, y: dx }, 0);
});

/** Inputs x, gamma, the moments, dy, and optionally what else x's gradient is made of. */
const gradientsOp: Op<null> = {
  name: "layer_norm_backward",
  outputs: ([x, gamma]) => [x.shape, gamma.shape, gamma.shape],
  emit: (k, { inputs: [x, gamma, saved, dy, rest], outputs: [dx, dGamma, dBeta] }) =>
    emitKernel(k, gradientsKernel, { x, gamma, saved, dy, rest, dx, dGamma, dBeta }),
};

function emitRows(
  k: Emitter,
  entry: "forward" | "gradient" | "gradient_and_rest",
  gamma: Tensor,
  bind: Record<string, Tensor | undefined> & { readonly x: Tensor },
  epsilon: number,
): void {
  const numbers = columnsOf("layer_norm", bind.x);
  const { part, count: width } = lanesOf(numbers);
  const rows = sizeOf(bind.x.shape, k.batch) / numbers;
  const sets = widthOf(gamma.shape) / numbers;
  k.run({
    shader: shader("layer_norm", { grid, ...part, layer_norm: source }),
    entry,
    bind,
    params: { rows, width, sets, numbers, epsilon },
    grid: Math.ceil(rows / 64),
  });
}

/**
 * Normalizes each row of the last size: y = gamma (x - mean) / sqrt(variance + eps) + beta.
 *
 * @param x `[B, ..., N]`
 * @param gamma `[N]`, or `[F, N]` for `[B, F, N]`: numbers of its own for each field
 * @param beta the shape of `gamma`
 * @returns the shape of `x`
 * @throws {TypeError} when a shape differs
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps = 1e-5): Tensor {
  return apply(layerNormOp, [x, gamma, beta], eps);
}
