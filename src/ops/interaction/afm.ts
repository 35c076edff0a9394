/**
 * Attention over the element products of all pairs of fields, in one pass each way.
 *
 * @module
 */
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import {
  type AfmAttributes,
  afmBackwardKernel,
  afmForwardKernel,
  afmPullKernel,
  afmSlicesKernel,
  afmWeightsKernel,
  emitAfm,
  SLICES,
} from "./afm_kernels.ts";
import { pairSizes } from "./pairs.ts";

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
    emitKernel(k, afmPullKernel, { attributes, bind: { e, kept_scores, kept_lse, kept_v, dv, pulls } });
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
    const bind = { slice_w: partial_w, slice_c: partial_c, dw, dbias, dhead };
    emitKernel(k, afmWeightsKernel, { attributes, bind });
  },
};

const attentionOp: Op<AfmAttributes> = {
  name: "attention",
  outputs: ([scores]) => [scores.shape],
  emit: (k, { inputs: [kept_scores, kept_lse], outputs: [y], attributes }) =>
    emitAfm(k, attributes, "attention", { kept_scores, kept_lse, y }, k.batch * attributes.pairs),
};

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
