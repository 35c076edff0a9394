/**
 * Layer normalization over the last size.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/layer_norm.wgsl" with { type: "text" };
import slicesSource from "../../../shaders/dense/layer_norm_slices.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { columnsOf } from "./matmul_layout.ts";

/** Slices of the rows of a set at most, and rows of a slice at least, where parameters' gradients are summed. */
const MAX_SLICES = 256;
const MIN_SLICE_ROWS = 16;

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
  emit: (k, { inputs: [x, gamma, beta], outputs: [y, moments], attributes }) =>
    emitRows(k, "forward", gamma, { x, gamma, beta, y, moments }, attributes),
  backward: ({ inputs: [x, gamma], outputs: [, moments], attributes }, [dy]) => {
    if (!dy) return [];
    const dx = apply(gradientOp, [x, gamma, moments, dy], attributes);
    const [dGamma, dBeta] = applyAll(columnsOp, [x, gamma, moments, dy], attributes);
    return [dx, dGamma, dBeta];
  },
};

const gradientOp: Op<number> = {
  name: "layer_norm_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, gamma, saved, dy], outputs: [dx], attributes }) =>
    emitRows(k, "gradient", gamma, { x, gamma, saved, dy, y: dx }, attributes),
};

const columnsOp: Op<number> = {
  name: "layer_norm_columns",
  outputs: ([, gamma]) => [gamma.shape, gamma.shape, [MAX_SLICES, 2, widthOf(gamma.shape)]],
  emit: (k, { inputs: [x, gamma, saved, dy], outputs: [dGamma, dBeta, parts], attributes }) => {
    if (k.gpu.adapter.software) {
      emitSlices(k, { x, saved, dy, parts, d_gamma: dGamma, d_beta: dBeta });
      return;
    }
    const bind = { x, saved, dy, y: dGamma, d_beta: dBeta };
    emitRows(k, "columns", gamma, bind, attributes);
  },
};

function emitSlices(
  k: Emitter,
  { x, saved, dy, parts, ...gradients }: Record<"x" | "saved" | "dy" | "parts" | "d_gamma" | "d_beta", Tensor>,
): void {
  const numbers = columnsOf("layer_norm", x);
  const { part, count: width } = lanesOf(numbers);
  const sets = widthOf(gradients.d_gamma.shape) / numbers;
  const rows = sizeOf(x.shape, k.batch) / numbers / sets;
  const sliceRows = Math.max(MIN_SLICE_ROWS, Math.ceil(rows / MAX_SLICES));
  const slices = Math.ceil(rows / sliceRows);
  const call = {
    shader: shader("layer_norm_slices", { grid, ...part, layer_norm_slices: slicesSource }),
    params: { rows, slice_rows: sliceRows, slices, sets, width },
  };
  k.run({
    ...call,
    entry: "slices",
    bind: { x, saved, dy, parts },
    grid: Math.ceil(slices * sets * Math.ceil(width / 4) / 64),
  });
  k.run({ ...call, entry: "fold", bind: { parts, ...gradients }, grid: Math.ceil(sets * width / 64) });
}

function emitRows(
  k: Emitter,
  entry: "forward" | "gradient" | "columns",
  gamma: Tensor,
  bind: Record<string, Tensor>,
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
    grid: entry === "columns" ? sets * width : Math.ceil(rows / 64),
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
