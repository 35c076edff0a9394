/**
 * Two logits that learn from the labels as far as they are behind their mean.
 *
 * @module
 */
import source from "../../../shaders/train/supervise.wgsl" with { type: "text" };
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { logitMeanOp, logitMeanShader } from "./logit_mean.ts";
import { requireLogits } from "./logits.ts";
import { requireTargets } from "./term.ts";

const kernels = logitMeanShader("supervise", source);

/** How far either logit is behind the mean, and what that adds to the loss. */
const gapsOp: Op<null> = {
  name: "supervised_mean_term",
  outputs: ([a, b, targets]) => {
    requireLogits("supervised_mean", [a, b]);
    if (targets.shape.join() !== "2,B") {
      throw new TypeError(
        `Cannot build supervised_mean: targets must have shape [2, B], received ${formatShape(targets.shape)}`,
      );
    }
    return [[3], [1]];
  },
  emit: (k, { inputs: [a, b, targets], outputs: [gap, term] }) =>
    k.run({ shader: kernels, entry: "gaps", bind: { a, b, targets, gap, term }, params: { batch: k.batch }, grid: 1 }),
};

const gradientOp: Op<null> = {
  name: "supervised_mean_backward",
  outputs: ([a, b]) => [a.shape, b.shape],
  emit: (k, { inputs: [a, b, dy, targets, gap], outputs: [da, db] }) => {
    const params = { batch: k.batch };
    const bind = { a, b, dy, targets, factors: gap, da, db };
    k.run({ shader: kernels, entry: "gradient", bind, params, grid: Math.ceil(k.batch / 64) });
  },
};

const supervisedMeanOp = logitMeanOp("supervised_mean", kernels, gradientOp);

/**
 * Averages two logits and lets each learn from the labels as far as it is behind the average: training minimizes besides
 * the loss L of the mean, and reports, max(L_a - L, 0) L_a + max(L_b - L, 0) L_b, whose first factors are constants to the
 * gradient. Unknown labels and the weights of rows count as in L.
 *
 * H. Li et al.: DCNv3. arXiv:2407.13349.
 *
 * @param a `[B, 1]`
 * @param b `[B, 1]`
 * @param targets labels and the row's weight `[2, B]`, as the model's input has them in training
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape differs, so where there are several labels, or there are no targets
 */
export function supervisedMean(a: Tensor, b: Tensor, targets: Tensor | undefined): Tensor {
  if (a.graph.mode === "predict") return apply(supervisedMeanOp, [a, b], null);
  const given = requireTargets("supervised_mean", targets);
  const [gap, term] = applyAll(gapsOp, [a, b, given], null);
  a.graph.terms.push(term);
  return apply(supervisedMeanOp, [a, b, given, gap], null);
}
