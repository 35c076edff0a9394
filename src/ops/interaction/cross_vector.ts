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
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitColumnSums } from "../dense/column_sums.ts";
import { columnSum } from "../dense/bias.ts";
import { type Lanes, lanesOf } from "../shape/lane.ts";

/** Splits of the batch that gradients are summed over on GPUs, where a thread waits for each row of its split. */
const SPLITS = 256;

function forwardShader({ part }: Lanes): Shader {
  return shader("cross_vector", { grid, ...part, fold, cross_vector: source });
}

function gradientShader({ part }: Lanes): Shader {
  return shader("cross_vector_gradient", { grid, ...part, fold, cross_vector_gradient: gradientSource });
}

/** Sizes that the choice of a kernel depends on: rows of x, and the layers that cross them. */
export interface CrossVectorProblem extends Problem {
  readonly batch: number;
  readonly width: number;
  readonly layers: number;
}

/** What a kernel binds, by name; w is always there. */
export type CrossVectorTask = Readonly<Record<string, Tensor>>;

/** How samples are handed to invocations: several to one, or a workgroup to each. */
export interface SampleWork {
  /** Ending of the entry points. */
  readonly suffix: "" | "_group";
  /** Samples of a workgroup. */
  readonly samples: number;
}

/** Returns the operations of a pass over the batch. */
export function crossVectorFlops({ batch, width, layers }: CrossVectorProblem): number {
  return 2 * batch * width * (layers + 1);
}

function crossKernel(name: string, emitGpu: (k: Emitter, task: CrossVectorTask) => void) {
  const kernel: Kernel<CrossVectorTask, CrossVectorProblem> = {
    name,
    problem: ({ batch }, { w }) => {
      const [layers, width] = w.shape as readonly number[];
      return { batch, width, layers };
    },
    variants: [gpuVariant("gpu", crossVectorFlops, emitGpu)],
  };
  return kernel;
}

const BY_GROUPS: SampleWork = { suffix: "_group", samples: 1 };

/** The last layer's rows, from c and beta. */
export const crossForwardKernel = crossKernel("cross_vector", (k, task) => emitForward(k, task, BY_GROUPS));

/** The gradient by x, and the factors that those by the parameters need. */
export const crossGradientKernel = crossKernel("cross_vector_gradient", (k, task) => emitGradient(k, task, BY_GROUPS));

/** The gradients by w and bias. */
export const crossParametersKernel = crossKernel("cross_vector_parameters", (k, task) => {
  emitParameters(k, task, SPLITS, true);
});

/** Appends the forward pass. */
export function emitForward(k: Emitter, { w, ...rest }: CrossVectorTask, { suffix, samples }: SampleWork): void {
  const { call } = setupOf(k, w, forwardShader);
  k.run({ ...call, entry: `forward${suffix}`, bind: { w, ...rest }, grid: Math.ceil(k.batch / samples) });
}

/** Appends the gradient by x. */
export function emitGradient(k: Emitter, { w, ...rest }: CrossVectorTask, { suffix, samples }: SampleWork): void {
  const { call } = setupOf(k, w, gradientShader);
  k.run({ ...call, entry: `gradient${suffix}`, bind: { w, ...rest }, grid: Math.ceil(k.batch / samples) });
}

/**
 * Appends the gradients by the parameters, summed over so many splits of the batch.
 *
 * @param apart whether a kernel of its own adds the splits up
 */
export function emitParameters(k: Emitter, task: CrossVectorTask, most: number, apart: boolean): void {
  const { x0, w, bias, dy, factors, ds_sum, dw, db } = task;
  const { call, lanes, slices } = setupOf(k, w, gradientShader, most);
  const columns = (Number(w.shape[0]) + 1) * Number(w.shape[1]);
  const partial = k.scratch([slices, columns]);
  const grid = Math.ceil(slices * Math.ceil(lanes / 2) / 64);
  k.run({ ...call, entry: "slices", bind: { x0, dy, factors, partial }, grid });
  const sums = apart ? k.scratch([1, columns]) : partial;
  if (apart) emitColumnSums(k, { a: partial, rows: slices, columns, y: sums });
  const params = { ...call.params, slices: apart ? 1 : slices };
  k.run({ ...call, params, entry: "merge", bind: { w, bias, sums, ds_sum, dw, db }, grid: Math.ceil(lanes / 64) });
}

/** Returns the shader, its constants and its parameters for L layers. */
function setupOf(k: Emitter, w: Tensor, kernels: (lanes: Lanes) => Shader, most = 1) {
  const [layers, width] = w.shape as readonly number[];
  const lanes = lanesOf(width);
  const slice = Math.ceil(k.batch / Math.min(most, k.batch));
  const slices = Math.ceil(k.batch / slice);
  return {
    lanes: lanes.count,
    slices,
    call: {
      shader: kernels(lanes),
      constants: { LAYERS: layers, LANES: lanes.count },
      params: { batch: k.batch, slice, slices },
    },
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
    return [x.shape, ["B", layers], [layers]];
  },
  emit: (k, { inputs: [x0, w, bias], outputs: [y, p, c] }) => {
    const { call } = setupOf(k, w, forwardShader);
    const beta = k.scratch([widthOf(x0.shape)]);
    k.run({ ...call, entry: "prepare", bind: { w, bias, c, beta }, grid: 1 });
    emitKernel(k, crossForwardKernel, { x0, w, shift: c, last_beta: beta, p, y });
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
    emitKernel(k, crossGradientKernel, { x0, w, dots, shift, dy, dx, k: factors, ds });
  },
};

const parameterGradientOp: Op<null> = {
  name: "cross_vector_parameters",
  outputs: ([, w]) => [w.shape, w.shape],
  emit: (k, { inputs: [x0, w, bias, dy, factors, dsSum], outputs: [dw, db] }) => {
    emitKernel(k, crossParametersKernel, { x0, w, bias, dy, factors, ds_sum: dsSum, dw, db });
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
