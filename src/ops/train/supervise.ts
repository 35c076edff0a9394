/**
 * Two logits that learn from the labels as far as they are behind their mean.
 *
 * @module
 */
import source from "../../../shaders/train/supervise.wgsl" with { type: "text" };
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { logitMeanOp, logitMeanShader } from "./logit_mean.ts";

const kernels = logitMeanShader("supervise", source);

const gradientOp: Op<null> = {
  name: "supervised_mean_backward",
  outputs: ([a, b]) => [a.shape, b.shape],
  emit: (k, { inputs: [a, b, dy], outputs: [da, db] }) => {
    const call = { shader: kernels, params: { batch: k.batch } };
    const gap = k.scratch([2]);
    k.run({ ...call, entry: "gaps", bind: { a, b, dy, gap }, grid: 1 });
    k.run({ ...call, entry: "gradient", bind: { a, b, dy, weight: gap, da, db }, grid: Math.ceil(k.batch / 64) });
  },
};

const supervisedMeanOp = logitMeanOp("supervised_mean", kernels, gradientOp);

/**
 * Averages two logits and lets each learn from the labels as far as it is behind the average: to the loss L of the mean,
 * training adds max(L_a - L, 0) L_a and max(L_b - L, 0) L_b, whose first factors are constants to the gradient. The
 * reported loss is that of the mean alone.
 *
 * The mean must be the model's logit: labels are read off its gradient. H. Li et al.: DCNv3. arXiv:2407.13349.
 *
 * @param a `[B, 1]`
 * @param b `[B, 1]`
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape differs
 */
export function supervisedMean(a: Tensor, b: Tensor): Tensor {
  return apply(supervisedMeanOp, [a, b], null);
}
