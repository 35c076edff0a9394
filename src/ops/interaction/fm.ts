/**
 * Second-order factorization machine over embeddings.
 *
 * @module
 */
import source from "../../../shaders/interaction/fm.wgsl" with { type: "text" };
import backwardSource from "../../../shaders/interaction/fm_backward.wgsl" with { type: "text" };
import row from "../../../shaders/interaction/fm_row.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import type { Constants } from "../../gpu/shader.ts";
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf, spanOf } from "../shape/lane.ts";

/** The FM kernel; its rows come from the part that a launcher puts before it. */
export const fmSource: string = source;

/** The second-order term as an op. */
export const fmOp: Op<null> = {
  name: "fm",
  outputs: ([e]) => {
    const [batch, fields, dim] = e.shape;
    if (e.shape.length !== 3 || batch !== "B" || typeof fields !== "number" || typeof dim !== "number") {
      throw new TypeError(`Cannot build fm: input must have shape [B, F, D], received ${formatShape(e.shape)}`);
    }
    return [["B", 1], ["B", dim]];
  },
  emit: (k, { inputs: [e], outputs: [y, sum] }) => emitFm(k, e, sum, y),
  backward: ({ inputs: [e], outputs: [, sum] }, [dy, dSum]) => {
    if (!dy || dSum) throw new TypeError("Cannot differentiate fm: only its first output has a gradient");
    return [apply(fmBackwardOp, [e, sum, dy], null)];
  },
};

const fmBackwardOp: Op<null> = {
  name: "fmBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, sum, dy], outputs: [de] }) => {
    const [, fields, dim] = e.shape as readonly number[];
    const lanes = lanesOf(dim);
    const span = spanOf(k.gpu.profile, lanes.count);
    k.run({
      shader: shader("fmBackward", { grid, ...lanes.part, fm_backward: backwardSource }),
      entry: "backward",
      bind: { e, sum, dy, de },
      constants: { LANES: lanes.count, SPAN: span },
      params: { batch: k.batch, fields },
      grid: Math.ceil(k.batch * fields * Math.ceil(lanes.count / span) / 64),
    });
  },
};

/** How the FM kernel is launched. */
export interface FmLaunch {
  /** Entry point. */
  readonly entry: string;
  /** Shares of a workgroup, where the entry point has any. */
  readonly constants: Constants;
  /** Workgroups. */
  readonly grid: number;
}

/** Invocations of one workgroup of `forward_split`. */
const SPLIT_INVOCATIONS = 256;

/** Returns the launch with several threads for each of `batch` samples of `lanes` lanes. */
export function splitFm(lanes: number, batch: number): FmLaunch {
  const slices = 8;
  const columns = Math.min(lanes, SPLIT_INVOCATIONS / slices);
  const samples = Math.floor(SPLIT_INVOCATIONS / (slices * columns));
  return {
    entry: "forward_split",
    constants: { COLUMNS: columns, SLICES: slices, SAMPLES: samples },
    grid: Math.ceil(batch / samples),
  };
}

/** An FM over embeddings in memory. */
export interface Fm {
  readonly e: Tensor;
  readonly sum: Tensor;
  readonly y: Tensor;
}

/** Sizes that the choice of a kernel depends on. */
export interface FmProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
}

/** Returns the operations of an FM. */
export function fmFlops({ batch, fields, dim }: FmProblem): number {
  return 3 * batch * fields * dim;
}

/** The FM over embeddings in memory; on GPUs by several threads for each sample. */
export const fmKernel: Kernel<Fm, FmProblem> = {
  name: "fm",
  problem: ({ batch }, { e }) => ({ batch, fields: Number(e.shape[1]), dim: Number(e.shape[2]) }),
  variants: [gpuVariant("gpu", fmFlops, (k, task, { dim }) => {
    emitFmLaunch(k, task, splitFm(lanesOf(dim).count, k.batch));
  })],
};

/** Appends the FM over embeddings in memory. */
export function emitFm(k: Emitter, e: Tensor, sum: Tensor, y: Tensor): void {
  emitKernel(k, fmKernel, { e, sum, y });
}

/** Appends the FM over embeddings in memory, launched in one way. */
export function emitFmLaunch(k: Emitter, { e, sum, y }: Fm, { entry, constants, grid: groups }: FmLaunch): void {
  const [, fields, dim] = e.shape as readonly number[];
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("fm", { grid, ...lanes.part, fm_row: row, fm: fmSource }),
    entry,
    bind: { e, sum, y },
    constants: { ...constants, LANES: lanes.count, KEEPS_SUM: k.needed(sum) },
    params: { batch: k.batch, fields },
    grid: groups,
  });
}

/**
 * Computes the second-order interaction of fields: y[b] = 1/2 sum_d ((sum_f e[b, f, d])^2 - sum_f e[b, f, d]^2).
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function fm(e: Tensor): Tensor {
  return apply(fmOp, [e], null);
}
