/**
 * The last layer of a compressed interaction network and the weights above it as one bilinear form.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/cin_top.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

/** Rows of the weight that a split of their sum has, unless there would be too many splits. */
const SPLIT_TERMS = 64;

/** Splits at most, which one workgroup adds up. */
const MAX_SPLITS = 256;

/** Inputs weight, bias, top and optionally the bias of the top; outputs form, offset and earlier weights. */
const cinTopOp: Op<number> = {
  name: "cin_top",
  outputs: ([weight, bias, top]) => {
    const [terms, outs] = weight.shape as readonly number[];
    const earlier = widthOf(top.shape) - outs;
    if (weight.shape.length !== 2 || widthOf(bias.shape) !== outs || top.shape[1] !== 1 || earlier < 0) {
      throw new TypeError(
        `Cannot build cin_top: bias and top must have shapes [${outs}] and [E + ${outs}, 1], received ${
          formatShape(bias.shape)
        } and ${formatShape(top.shape)}`,
      );
    }
    // A binding holds a lane at least.
    return [[terms, 1], [1], earlier > 0 ? [earlier, 1] : [4]];
  },
  emit: (k, { inputs: [w, bias, top, top_bias], outputs: [form, offset, earlier], attributes: dim }) => {
    const { terms, call } = setupOf(w, top, dim);
    const bind = { w, bias, top, top_bias, form, offset, earlier };
    k.run({ ...call, entry: top_bias ? "fold_biased" : "fold", bind, grid: Math.ceil((terms + 1) / 16) });
  },
  backward: ({ inputs: [weight, bias, top, topBias], attributes }, [dForm, dOffset, dEarlier]) => {
    if (!dForm || !dOffset) throw new TypeError("Cannot differentiate cin_top: the form and its offset go together");
    const inputs = [weight, bias, top, dForm, dOffset, ...(dEarlier ? [dEarlier] : [])];
    return applyAll(backwardOp, inputs, attributes).slice(0, topBias ? 4 : 3);
  },
};

const backwardOp: Op<number> = {
  name: "cin_top_backward",
  outputs: ([weight, bias, top]) => [weight.shape, bias.shape, top.shape, [1]],
  emit: (k, { inputs, outputs: [dw, dbias, dtop, dtop_bias], attributes: dim }) => {
    const [w, bias, top, dform, doffset, dearlier] = inputs;
    const { lanes, splits, call } = setupOf(w, top, dim);
    const tiles = Math.ceil(lanes / 16);
    const parts = k.scratch([splits, Number(w.shape[1])]);
    k.run({ ...call, entry: "gradient", bind: { w, top, dform, dw, parts }, grid: tiles * splits });
    const bind = { bias, top, doffset, dearlier, sums: parts, dtop, dbias, dtop_bias };
    k.run({ ...call, entry: dearlier ? "finish" : "finish_last", bind, grid: tiles });
  },
};

function setupOf(weight: Tensor, top: Tensor, dim: number) {
  const [terms, outs] = weight.shape as readonly number[];
  const earlier = widthOf(top.shape) - outs;
  const bits = earlier | outs;
  const { width, part } = lanesOf(bits & -bits);
  const splitTerms = Math.max(SPLIT_TERMS, Math.ceil(terms / MAX_SPLITS));
  const splits = Math.ceil(terms / splitTerms);
  return {
    terms,
    lanes: outs / width,
    splits,
    call: {
      shader: shader("cin_top", { grid, ...part, cin_top: source }),
      constants: { LANES: outs / width, EARLIER: earlier / width },
      params: { terms, split_terms: splitTerms, splits, dim },
    },
  };
}

/** What {@linkcode foldTop} returns. */
export interface FoldedTop {
  /** sum_h weight[t, h] top[E + h], `[T, 1]`. */
  readonly form: Tensor;
  /** dim sum_h bias[h] top[E + h], and the bias of the top, `[1]`. */
  readonly offset: Tensor;
  /** The weights above earlier layers, `[E, 1]`: the first rows of the top. Undefined numbers where E is 0. */
  readonly earlier: Tensor;
}

/**
 * Folds a linear last layer into the weights above it.
 *
 * @param weight of the layer, `[T, H]`
 * @param bias of the layer, `[H]`
 * @param top weights above all layers, `[E + H, 1]`, those above the last one at the end
 * @param topBias bias above all layers, `[1]`
 * @param dim numbers of a feature map that are summed
 * @throws {TypeError} when the shapes do not fit
 */
export function foldTop(
  weight: Tensor,
  bias: Tensor,
  top: Tensor,
  topBias: Tensor | undefined,
  dim: number,
): FoldedTop {
  const [form, offset, earlier] = applyAll(cinTopOp, [weight, bias, top, ...(topBias ? [topBias] : [])], dim);
  return { form, offset, earlier };
}
