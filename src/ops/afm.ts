/**
 * Attention over the element products of all pairs of fields, in one pass each way.
 *
 * @module
 */
import source from "../../shaders/afm.wgsl" with { type: "text" };
import backwardSource from "../../shaders/afm_backward.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import order from "../../shaders/pair_order.wgsl" with { type: "text" };
import random from "../../shaders/random.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import { type Constants, shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../graph/tensor.ts";
import { isWorthImages } from "../software/drivers.ts";
import { type AfmSizes, emitAfmImages, emitAfmSlices, fitsImages } from "../software/afm/images.ts";
import { lanesOf } from "./lane.ts";
import { pairSizes } from "./pairs.ts";

/** Slices of the batch over which gradients of weights are first summed; fixed, so that bits do not change. */
const SLICES = 512;

/** Invocations that share a sample in the forward pass on a GPU. */
const SPLIT = 16;

interface AfmAttributes extends AfmSizes {
  /** Dropout of the attention weights. */
  readonly dropout: { readonly rate: number; readonly salt: number } | undefined;
  /** Whether embeddings come from images. @default where the device prefers them, for sizes that are worth it */
  readonly images: boolean | undefined;
}

function takesImages(k: Emitter, attributes: AfmAttributes): boolean {
  const { pairs, hidden, dim, images } = attributes;
  if (!fitsImages(attributes)) return false;
  return images ?? isWorthImages(k.gpu.profile, 2 * k.batch * pairs * hidden * dim);
}

const afmOp: Op<AfmAttributes> = {
  name: "attentionalPooling",
  outputs: (_, { dim, pairs, hidden }) => [["B", dim], ["B", pairs], ["B", 1], [hidden, dim]],
  emit: (k, { inputs: [e, w, bias, head], outputs: [v, scores, lse, wt], attributes }) => {
    emit(k, attributes, "transpose", { w, y: wt }, attributes.hidden * attributes.dim);
    if (takesImages(k, attributes)) {
      return emitAfmImages(
        k,
        "forward",
        attributes,
        e,
        { wt, bias, head },
        { v, scores, lse },
        constantsOf(attributes),
      );
    }
    const split = k.gpu.adapter.software ? 1 : SPLIT;
    emit(k, attributes, "forward", { e, wt, bias, head, v, scores, lse }, k.batch * split, split);
  },
  backward: ({ inputs: [e, w, bias, head], outputs: [v, scores, lse, wt], attributes }, [dv]) => {
    if (!dv) return [];
    const pulls = apply(pullOp, [e, scores, lse, v, dv], attributes);
    const de = apply(backwardOp, [e, wt, bias, head, pulls, dv], attributes);
    return [de, ...applyAll(weightsOp, [e, wt, bias, head, pulls, w], attributes).slice(0, 3)];
  },
};

const pullOp: Op<AfmAttributes> = {
  name: "attentionPull",
  outputs: (_, { pairs }) => [["B", pairs, 2]],
  emit: (k, { inputs: [e, kept_scores, kept_lse, kept_v, dv], outputs: [pulls], attributes }) => {
    const invocations = k.batch * (attributes.fields - 1);
    emit(k, attributes, "pull", { e, kept_scores, kept_lse, kept_v, dv, pulls }, invocations);
  },
};

const backwardOp: Op<AfmAttributes> = {
  name: "attentionalPoolingBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, wt, bias, head, kept_pulls, dv], outputs: [de], attributes }) => {
    if (takesImages(k, attributes)) {
      return emitAfmImages(k, "backward", attributes, e, { wt, bias, head }, { kept_pulls, dv, de }, {});
    }
    const bind = { e, wt, bias, head, kept_pulls, dv, de };
    if (k.gpu.adapter.software) emit(k, attributes, "backward_samples", bind, k.batch);
    else emit(k, attributes, "backward", bind, k.batch * attributes.fields);
  },
};

const weightsOp: Op<AfmAttributes> = {
  name: "attentionWeights",
  outputs: ([, , bias, head, , w], { hidden, dim }) => [
    w.shape,
    bias.shape,
    head.shape,
    [SLICES, hidden, dim],
    [SLICES, hidden, 2],
  ],
  emit: (k, { inputs: [e, wt, bias, head, kept_pulls], outputs, attributes }) => {
    const [dw, dbias, dhead, partial_w, partial_c] = outputs;
    const { hidden, dim } = attributes;
    const bind = { kept_pulls, partial_w, partial_c };
    if (takesImages(k, attributes)) emitAfmSlices(k, attributes, e, { wt, bias, head }, bind, SLICES);
    else emit(k, attributes, "slices", { e, wt, bias, head, ...bind }, SLICES * Math.ceil(hidden / 4));
    emit(k, attributes, "weights", { slice_w: partial_w, slice_c: partial_c, dw, dbias, dhead }, hidden * dim);
  },
};

const attentionOp: Op<AfmAttributes> = {
  name: "attention",
  outputs: ([scores]) => [scores.shape],
  emit: (k, { inputs: [kept_scores, kept_lse], outputs: [y], attributes }) =>
    emit(k, attributes, "attention", { kept_scores, kept_lse, y }, k.batch * attributes.pairs),
};

function emit(
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

function constantsOf({ dropout }: AfmAttributes): Constants {
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
  /** Whether embeddings come from images. @default where the device prefers them, for sizes that are worth it */
  readonly images?: boolean;
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
  { weight, bias, head, dropout, images }: AttentionOptions,
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
  const attributes: AfmAttributes = { fields, dim, pairs, hidden, dropout: masked, images };
  const [v, scores, lse] = applyAll(afmOp, [e, weight, bias, head], attributes);
  return { v, attention: apply(attentionOp, [scores, lse], attributes) };
}
