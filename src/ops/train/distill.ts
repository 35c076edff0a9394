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

const distanceOp: Op<null> = {
  name: "distilled_mean_term",
  outputs: () => [[1]],
  emit: (k, { inputs: [a, b], outputs: [term] }) =>
    k.run({ shader: kernels, entry: "distance", bind: { a, b, term }, params: { batch: k.batch }, grid: 1 }),
};

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
 * Averages two logits and lets each learn from the average: training minimizes besides the loss of the mean, and reports,
 * the mean cross-entropy of each with the mean's probability as its label, a constant to the gradient.
 *
 * J. Zhu et al.: FinalNet. SIGIR 2023, equation 8.
 *
 * @param a `[B, 1]`
 * @param b `[B, 1]`
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape differs
 */
export function distilledMean(a: Tensor, b: Tensor): Tensor {
  const y = apply(distilledMeanOp, [a, b], null);
  if (a.graph.mode === "train") a.graph.terms.push(apply(distanceOp, [a, b], null));
  return y;
}
