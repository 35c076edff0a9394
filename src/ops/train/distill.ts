/**
 * Two logits that learn from their mean.
 *
 * @module
 */
import source from "../../../shaders/train/distill.wgsl" with { type: "text" };
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { logitMeanOp, logitMeanShader } from "./logit_mean.ts";

const kernels = logitMeanShader("distill", source);

const gradientOp: Op<null> = {
  name: "distilled_mean_backward",
  outputs: ([a, b]) => [a.shape, b.shape],
  emit: (k, { inputs: [a, b, dy], outputs: [da, db] }) => {
    const params = { batch: k.batch };
    k.run({ shader: kernels, entry: "gradient", bind: { a, b, dy, da, db }, params, grid: Math.ceil(k.batch / 64) });
  },
};

const distilledMeanOp = logitMeanOp("distilled_mean", kernels, gradientOp);

/**
 * Averages two logits and lets each learn from the average: to the loss of the mean, training adds the cross-entropy of
 * each with the mean's probability as its label, a constant to the gradient. The reported loss is that of the mean alone.
 *
 * J. Zhu et al.: FinalNet. SIGIR 2023, equation 8.
 *
 * @param a `[B, 1]`
 * @param b `[B, 1]`
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape differs
 */
export function distilledMean(a: Tensor, b: Tensor): Tensor {
  return apply(distilledMeanOp, [a, b], null);
}
