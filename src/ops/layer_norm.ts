/**
 * Layer normalisation over the last size.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/layer_norm.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../graph/tensor.ts";
import { columnsOf } from "./matmul_layout.ts";

const kernels = shader("layer_norm", { grid, layer_norm: source });

const layerNormOp: Op<number> = {
  name: "layer_norm",
  outputs: ([x, ...columns]) => {
    const width = columnsOf("layer_norm", x);
    const other = columns.find(({ shape }) => shape.length !== 1 || shape[0] !== width);
    if (other) {
      throw new TypeError(
        `Cannot build layer_norm: parameters must have shape [${width}], received ${formatShape(other.shape)}`,
      );
    }
    return [x.shape, ["B", 2 * widthOf(x.shape) / width]];
  },
  emit: (k, { inputs: [x, gamma, beta], outputs: [y, moments], attributes }) =>
    emitRows(k, "forward", x, { x, gamma, beta, y, moments }, attributes),
  backward: ({ inputs: [x, gamma], outputs: [, moments], attributes }, [dy]) => {
    if (!dy) return [];
    const dx = apply(gradientOp, [x, gamma, moments, dy], attributes);
    return [dx, ...applyAll(columnsOp, [x, gamma, moments, dy], attributes)];
  },
};

const gradientOp: Op<number> = {
  name: "layer_norm_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, gamma, saved, dy], outputs: [dx], attributes }) =>
    emitRows(k, "gradient", x, { x, gamma, saved, dy, y: dx }, attributes),
};

const columnsOp: Op<number> = {
  name: "layer_norm_columns",
  outputs: ([, gamma]) => [gamma.shape, gamma.shape],
  emit: (k, { inputs: [x, , saved, dy], outputs: [dGamma, dBeta], attributes }) => {
    const width = columnsOf("layer_norm", x);
    k.run({
      shader: kernels,
      entry: "columns",
      bind: { x, saved, dy, y: dGamma, d_beta: dBeta },
      params: { rows: sizeOf(x.shape, k.batch) / width, width, epsilon: attributes },
      grid: width,
    });
  },
};

function emitRows(k: Emitter, entry: string, x: Tensor, bind: Record<string, Tensor>, epsilon: number): void {
  const width = columnsOf("layer_norm", x);
  const rows = sizeOf(x.shape, k.batch) / width;
  k.run({ shader: kernels, entry, bind, params: { rows, width, epsilon }, grid: Math.ceil(rows / 64) });
}

/**
 * Normalises each row of the last size: y = gamma (x - mean) / sqrt(variance + eps) + beta.
 *
 * @param x `[B, ..., N]`
 * @param gamma `[N]`
 * @param beta `[N]`
 * @returns the shape of `x`
 * @throws {TypeError} when a shape differs
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps = 1e-5): Tensor {
  return apply(layerNormOp, [x, gamma, beta], eps);
}
