/**
 * The kernels of attention over pairs of fields, and their variants for GPUs.
 *
 * @module
 */
import source from "../../../shaders/interaction/afm.wgsl" with { type: "text" };
import backwardSource from "../../../shaders/interaction/afm_backward.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { costOn, gpuVariant, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { emitAfmRegisters, fitsRegisters } from "./afm_registers.ts";

/** Slices of the batch over which gradients of weights are first summed; fixed, so that bits do not change. */
export const SLICES = 512;

/** Invocations that share a sample in the forward pass on a GPU. */
const SPLIT = 16;

/** Sizes of attention over pairs. */
export interface AfmSizes {
  readonly fields: number;
  readonly dim: number;
  readonly pairs: number;
  /** Width A of the hidden layer. */
  readonly hidden: number;
}

/** What attention over pairs is specialized by. */
export interface AfmAttributes extends AfmSizes {
  /** Dropout of the attention weights. */
  readonly dropout: { readonly rate: number; readonly salt: number } | undefined;
}

/** The attention network. */
export interface AfmWeights {
  /** w^T `[A, D]`. */
  readonly wt: Tensor;
  /** c `[A]`. */
  readonly bias: Tensor;
  /** h `[A]`. */
  readonly head: Tensor;
}

/** A kernel of attention over pairs: `bind` has what it binds besides the embeddings and the weights. */
export interface AfmTask {
  readonly attributes: AfmAttributes;
  readonly e: Tensor;
  readonly weights: AfmWeights;
  readonly bind: Readonly<Record<string, Tensor>>;
}

/** Sizes that the choice of a kernel depends on. */
export interface AfmProblem extends AfmSizes, Problem {
  readonly batch: number;
}

/** Returns the operations of the attention network. */
export function afmFlops({ batch, pairs, hidden, dim }: AfmProblem): number {
  return 2 * batch * pairs * hidden * dim;
}

/** Threads of a workgroup of the gradient by the embeddings whose rows are in registers; each has a field. */
const BACKWARD_THREADS = 128;

/** Time of an operation whose rows are in registers with names, where one with rows in arrays takes 1 on a GPU. */
const REGISTERS = { gpu: 0.2, software: 8 };

function emitRegisters(
  k: Emitter,
  attributes: AfmAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  groups: number,
): void {
  emitAfmRegisters(k, attributes, { SPLIT, SLICES, ...constantsOf(attributes) }, entry, bind, groups);
}

type AfmEmit = (k: Emitter, task: AfmTask) => void;

function afmKernel(
  name: string,
  emit: AfmEmit,
  registers: AfmEmit,
  { onProcessor, mostFields = Infinity }: { readonly onProcessor?: number; readonly mostFields?: number } = {},
): Kernel<AfmTask, AfmProblem> {
  const byRegisters: Variant<AfmTask, AfmProblem> = {
    name: "registers",
    fits: (_, problem) => problem.fields <= mostFields && fitsRegisters(problem),
    cost: (profile, problem) => costOn(profile, afmFlops(problem), REGISTERS),
    emit: registers,
  };
  return {
    name,
    problem: ({ batch }, { attributes: { fields, dim, pairs, hidden } }) => ({ batch, fields, dim, pairs, hidden }),
    variants: [gpuVariant("gpu", afmFlops, emit, onProcessor), byRegisters],
  };
}

/** The pooled products, the scores and the logarithm of the softmax's denominator. */
export const afmForwardKernel = afmKernel("afm", (k, { attributes, e, weights, bind }) => {
  emitAfm(k, attributes, "forward", { e, ...weights, ...bind }, k.batch * SPLIT, SPLIT);
}, (k, { attributes, e, weights, bind }) => {
  emitRegisters(k, attributes, "forward", { e, ...weights, ...bind }, Math.ceil(k.batch * SPLIT / 64));
});

/** The gradient by the embeddings. */
export const afmBackwardKernel = afmKernel("afm_backward", (k, { attributes, e, weights, bind }) => {
  emitAfm(k, attributes, "backward", { e, ...weights, ...bind }, k.batch * attributes.fields);
}, (k, { attributes, e, weights, bind }) => {
  const samples = Math.floor(BACKWARD_THREADS / attributes.fields);
  emitRegisters(k, attributes, "backward", { e, ...weights, ...bind }, Math.ceil(k.batch / samples));
}, { mostFields: BACKWARD_THREADS });

/** The gradients by the network, over slices of the batch. */
export const afmSlicesKernel = afmKernel(
  "afm_slices",
  (k, { attributes, e, weights, bind }) => {
    emitAfm(k, attributes, "slices", { e, ...weights, ...bind }, SLICES * Math.ceil(attributes.hidden / 4));
  },
  (k, { attributes, e, weights, bind }) => {
    emitRegisters(k, attributes, "slices", { e, ...weights, ...bind }, SLICES);
  },
  { onProcessor: 1 },
);

/** A kernel beside the network: `bind` has all that it binds. */
export interface AfmStep {
  readonly attributes: AfmAttributes;
  readonly bind: Readonly<Record<string, Tensor>>;
}

/** What entries of both shaders take: invocations, and workgroups where rows are in registers. */
interface AfmCounts {
  readonly invocations: (k: Emitter, sizes: AfmSizes) => number;
  readonly groups: (k: Emitter, sizes: AfmSizes) => number;
}

function stepKernel(entry: string, { invocations, groups }: AfmCounts): Kernel<AfmStep, AfmSizes & Problem> {
  return {
    name: `afm_${entry}`,
    problem: (_, { attributes: { fields, dim, pairs, hidden } }) => ({ fields, dim, pairs, hidden }),
    variants: [
      {
        name: "gpu",
        fits: () => true,
        cost: (profile, { pairs, dim }) => costOn(profile, pairs * dim, { gpu: 2, software: 1 }),
        emit: (k, { attributes, bind }) => emitAfm(k, attributes, entry, bind, invocations(k, attributes)),
      },
      {
        name: "registers",
        fits: (_, problem) => fitsRegisters(problem),
        cost: (profile, { pairs, dim }) => costOn(profile, pairs * dim, { gpu: 1, software: 4 }),
        emit: (k, { attributes, bind }) => emitRegisters(k, attributes, entry, bind, groups(k, attributes)),
      },
    ],
  };
}

/** The weights of pairs in the gradient, and the slopes of their scores. */
export const afmPullKernel = stepKernel("pull", {
  invocations: (k, { fields }) => k.batch * (fields - 1),
  groups: (k, { fields }) => Math.ceil(k.batch * fields / 64),
});

/** The gradients by the network as sums of slices; where rows are in registers a workgroup sums four numbers. */
export const afmWeightsKernel = stepKernel("weights", {
  invocations: (_, { hidden, dim }) => hidden * dim,
  groups: (_, { hidden, dim }) => Math.ceil(hidden * (dim + 1) / 4),
});

/** Appends a kernel of the shader files; `split` threads share a sample in `forward`. */
export function emitAfm(
  k: Emitter,
  attributes: AfmAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  invocations: number,
  split = 1,
): void {
  const { fields, dim, hidden } = attributes;
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("afm", {
      grid,
      step,
      random,
      ...lanes.part,
      afm: source,
      afm_backward: backwardSource,
      pair_order: order,
    }),
    entry,
    bind,
    constants: {
      LANES: lanes.count,
      HIDDEN: hidden,
      SPLIT: split,
      SLICES,
      ...constantsOf(attributes),
    },
    params: { batch: k.batch, fields },
    grid: Math.ceil(invocations / 64),
  });
}

/** Returns the constants of dropout. */
export function constantsOf({ dropout }: AfmAttributes): Constants {
  return { DROPOUT: dropout?.rate ?? 0, SALT: dropout?.salt ?? 0 };
}
