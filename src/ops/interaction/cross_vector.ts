/**
 * The vector cross network: all layers as one skinny product and a few scalars per sample.
 *
 * @module
 */
import source from "../../../shaders/interaction/cross_vector.wgsl" with { type: "text" };
import gradientSource from "../../../shaders/interaction/cross_vector_gradient.wgsl" with { type: "text" };
import fold from "../../../shaders/interaction/fold.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitColumnSums } from "../dense/column_sums.ts";
import { columnSum } from "../dense/bias.ts";
import { type Lanes, lanesOf } from "../shape/lane.ts";

/** Samples that one invocation takes on a software adapter; `SAMPLES` in the shader. */
const SAMPLES = 4;

/** Slices of the batch that parameter gradients are summed over. */
const SLICES = 64;

/** The same on GPUs, where a thread waits for each row of its slice, and another kernel adds the slices up. */
const GPU_SLICES = 256;

function forwardShader({ part }: Lanes): Shader {
  return shader("cross_vector", { grid, ...part, fold, cross_vector: source });
}

function gradientShader({ part }: Lanes): Shader {
  return shader("cross_vector_gradient", { grid, ...part, fold, cross_vector_gradient: gradientSource });
}

/** Returns the shader, its constants and its parameters for inputs `[B, N]` and L layers. */
function setupOf(k: Emitter, w: Tensor, kernels: (lanes: Lanes) => Shader) {
  const [layers, width] = w.shape as readonly number[];
  const lanes = lanesOf(width);
  const slices = Math.min(k.gpu.adapter.software ? SLICES : GPU_SLICES, k.batch);
  const slice = Math.ceil(k.batch / slices);
  return {
    lanes: lanes.count,
    slices: Math.ceil(k.batch / slice),
    call: {
      shader: kernels(lanes),
      constants: { LAYERS: layers, LANES: lanes.count },
      params: { batch: k.batch, slice, slices: Math.ceil(k.batch / slice) },
    },
    samples: k.gpu.adapter.software
      ? { suffix: "", grid: Math.ceil(k.batch / (64 * SAMPLES)) }
      : { suffix: "_group", grid: k.batch },
  };
}

const crossVectorOp: Op<null> = {
  name: "cross_vector",
  outputs: ([x, w, bias]) => {
    const [batch, width] = x.shape;
    if (x.shape.length !== 2 || batch !== "B" || typeof width !== "number") {
      throw new TypeError(`Cannot build cross_vector: x must have shape [B, N], received ${formatShape(x.shape)}`);
    }
    const layers = Number(w.shape[0]);
    const other = [w, bias].find(({ shape }) => shape.length !== 2 || shape[0] !== layers || shape[1] !== width);
    if (other) {
      throw new TypeError(
        `Cannot build cross_vector: parameters must have shape [L, ${width}], received ${formatShape(other.shape)}`,
      );
    }
    return [x.shape, ["B", layers], [layers], [width]];
  },
  emit: (k, { inputs: [x0, w, bias], outputs: [y, p, c, beta] }) => {
    const { call, samples } = setupOf(k, w, forwardShader);
    k.run({ ...call, entry: "prepare", bind: { w, bias, c, beta }, grid: 1 });
    const bind = { x0, w, shift: c, last_beta: beta, p, y };
    k.run({ ...call, entry: `forward${samples.suffix}`, bind, grid: samples.grid });
  },
  backward: ({ inputs: [x0, w, bias], outputs: [, p, c] }, [dy]) => {
    if (!dy) return [];
    const [dx, factors, ds] = applyAll(gradientOp, [x0, w, p, c, dy], null);
    const sum = columnSum(ds);
    return [dx, ...applyAll(parameterGradientOp, [x0, w, bias, dy, factors, sum], null)];
  },
};

const gradientOp: Op<null> = {
  name: "cross_vector_backward",
  outputs: ([x0, , p]) => [x0.shape, ["B", 4 * Math.ceil(widthOf(p.shape) / 4)], p.shape],
  emit: (k, { inputs: [x0, w, dots, shift, dy], outputs: [dx, factors, ds] }) => {
    const { call, samples } = setupOf(k, w, gradientShader);
    const bind = { x0, w, dots, shift, dy, dx, k: factors, ds };
    k.run({ ...call, entry: `gradient${samples.suffix}`, bind, grid: samples.grid });
  },
};

const parameterGradientOp: Op<null> = {
  name: "cross_vector_parameters",
  outputs: ([, w]) => [w.shape, w.shape],
  emit: (k, { inputs: [x0, w, bias, dy, factors, dsSum], outputs: [dw, db] }) => {
    const { call, lanes, slices } = setupOf(k, w, gradientShader);
    const columns = (Number(w.shape[0]) + 1) * Number(w.shape[1]);
    const partial = k.scratch([slices, columns]);
    const grid = Math.ceil(slices * Math.ceil(lanes / 2) / 64);
    k.run({ ...call, entry: "slices", bind: { x0, dy, factors, partial }, grid });
    let [sums, params] = [partial, call.params];
    if (!k.gpu.adapter.software) {
      [sums, params] = [k.scratch([1, columns]), { ...params, slices: 1 }];
      emitColumnSums(k, { a: partial, rows: slices, columns, y: sums });
    }
    const bind = { w, bias, sums, ds_sum: dsSum, dw, db };
    k.run({ ...call, params, entry: "merge", bind, grid: Math.ceil(lanes / 64) });
  },
};

/**
 * Crosses a row with itself by L vectors: x_0 = x; x_{l+1} = x_0 (x_l . w_l) + b_l + x_l; returns x_L.
 *
 * @param x `[B, N]`
 * @param w `[L, N]`
 * @param bias `[L, N]`
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 */
export function crossVector(x: Tensor, w: Tensor, bias: Tensor): Tensor {
  return apply(crossVectorOp, [x, w, bias], null);
}
