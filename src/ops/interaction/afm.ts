/**
 * Attention over the element products of all pairs of fields, in one pass each way.
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
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { pairSizes } from "./pairs.ts";

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

function afmKernel(
  name: string,
  emit: (k: Emitter, task: AfmTask) => void,
  onProcessor?: number,
): Kernel<AfmTask, AfmProblem> {
  return {
    name,
    problem: ({ batch }, { attributes: { fields, dim, pairs, hidden } }) => ({ batch, fields, dim, pairs, hidden }),
    variants: [gpuVariant("gpu", afmFlops, emit, onProcessor)],
  };
}

/** The pooled products, the scores and the logarithm of the softmax's denominator. */
export const afmForwardKernel = afmKernel("afm", (k, { attributes, e, weights, bind }) => {
  emitAfm(k, attributes, "forward", { e, ...weights, ...bind }, k.batch * SPLIT, SPLIT);
});

/** The gradient by the embeddings. */
export const afmBackwardKernel = afmKernel("afm_backward", (k, { attributes, e, weights, bind }) => {
  emitAfm(k, attributes, "backward", { e, ...weights, ...bind }, k.batch * attributes.fields);
});

/** The gradients by the network, over slices of the batch. */
export const afmSlicesKernel = afmKernel("afm_slices", (k, { attributes, e, weights, bind }) => {
  emitAfm(k, attributes, "slices", { e, ...weights, ...bind }, SLICES * Math.ceil(attributes.hidden / 4));
}, 1);

const afmOp: Op<AfmAttributes> = {
  name: "attentionalPooling",
  outputs: (_, { dim, pairs, hidden }) => [["B", dim], ["B", pairs], ["B", 1], [hidden, dim]],
  emit: (k, { inputs: [e, w, bias, head], outputs: [v, scores, lse, wt], attributes }) => {
    emitAfm(k, attributes, "transpose", { w, y: wt }, attributes.hidden * attributes.dim);
    const weights = { wt, bias, head };
    emitKernel(k, afmForwardKernel, { attributes, e, weights, bind: { v, scores, lse } });
  },
  backward: ({ inputs: [e, w, bias, head], outputs: [v, scores, lse, wt], attributes }, [dv]) => {
    if (!dv) return [];
    const pulls = apply(pullOp, [e, scores, lse, v, dv], attributes);
    const de = apply(backwardOp, [e, wt, bias, head, pulls, dv], attributes);
    return [de, ...applyAll(weightsOp, [e, wt, bias, head, pulls, w], attributes)];
  },
};

const pullOp: Op<AfmAttributes> = {
  name: "attentionPull",
  outputs: (_, { pairs }) => [["B", pairs, 2]],
  emit: (k, { inputs: [e, kept_scores, kept_lse, kept_v, dv], outputs: [pulls], attributes }) => {
    const invocations = k.batch * (attributes.fields - 1);
    emitAfm(k, attributes, "pull", { e, kept_scores, kept_lse, kept_v, dv, pulls }, invocations);
  },
};

const backwardOp: Op<AfmAttributes> = {
  name: "attentionalPoolingBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, wt, bias, head, kept_pulls, dv], outputs: [de], attributes }) => {
    const weights = { wt, bias, head };
    emitKernel(k, afmBackwardKernel, { attributes, e, weights, bind: { kept_pulls, dv, de } });
  },
};

const weightsOp: Op<AfmAttributes> = {
  name: "attentionWeights",
  outputs: ([, , bias, head, , w]) => [w.shape, bias.shape, head.shape],
  emit: (k, { inputs: [e, wt, bias, head, kept_pulls], outputs: [dw, dbias, dhead], attributes }) => {
    const { hidden, dim } = attributes;
    const [partial_w, partial_c] = [k.scratch([SLICES, hidden, dim]), k.scratch([SLICES, hidden, 2])];
    const weights = { wt, bias, head };
    emitKernel(k, afmSlicesKernel, { attributes, e, weights, bind: { kept_pulls, partial_w, partial_c } });
    emitAfm(k, attributes, "weights", { slice_w: partial_w, slice_c: partial_c, dw, dbias, dhead }, hidden * dim);
  },
};

const attentionOp: Op<AfmAttributes> = {
  name: "attention",
  outputs: ([scores]) => [scores.shape],
  emit: (k, { inputs: [kept_scores, kept_lse], outputs: [y], attributes }) =>
    emitAfm(k, attributes, "attention", { kept_scores, kept_lse, y }, k.batch * attributes.pairs),
};

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

/** Weights of the attention network and its dropout. */
export interface AttentionOptions {
  /** w `[D, A]`. */
  readonly weight: Tensor;
  /** c `[A]`. */
  readonly bias: Tensor;
  /** h `[A]` or `[A, 1]`. */
  readonly head: Tensor;
  /** Dropout of the attention weights in training; `salt` numbers the layer. */
  readonly dropout?: { readonly rate: number; readonly salt: number };
}

/**
 * Pools the products x_p = e_i * e_j of all pairs of fields by attention: v = sum_p a_p x_p with
 * a = softmax_p(h relu(x_p w + c)).
 *
 * @param e embeddings `[B, F, D]`
 * @returns v `[B, D]` and the attention weights a `[B, F (F - 1) / 2]`, which are to be looked at only
 * @throws {TypeError} when a shape does not fit
 * @throws {RangeError} when there are less than two fields or the dropout rate is outside [0, 1)
 */
export function attentionalPooling(
  e: Tensor,
  { weight, bias, head, dropout }: AttentionOptions,
): { readonly v: Tensor; readonly attention: Tensor } {
  const { fields, dim, pairs } = pairSizes("attentionalPooling", e);
  const hidden = weight.shape[1] as number;
  if (weight.shape.length !== 2 || weight.shape[0] !== dim) {
    throw new TypeError(
      `Cannot build attentionalPooling: weight must have shape [${dim}, A], received ${formatShape(weight.shape)}`,
    );
  }
  const other = [bias, head].find(({ shape }) => shape.includes("B") || widthOf(shape) !== hidden);
  if (other) {
    throw new TypeError(
      `Cannot build attentionalPooling: bias and head must have shape [${hidden}], received ${
        formatShape(other.shape)
      }`,
    );
  }
  if (dropout && !(dropout.rate >= 0 && dropout.rate < 1)) {
    throw new RangeError(`Cannot build attentionalPooling: dropout must be in [0, 1), received ${dropout.rate}`);
  }
  const masked = e.graph.mode === "train" ? dropout : undefined;
  const attributes: AfmAttributes = { fields, dim, pairs, hidden, dropout: masked };
  const [v, scores, lse] = applyAll(afmOp, [e, weight, bias, head], attributes);
  return { v, attention: apply(attentionOp, [scores, lse], attributes) };
}
