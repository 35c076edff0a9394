/**
 * Two logits that learn from the labels as far as they are behind their mean.
 *
 * @module
 */
import source from "../../../shaders/train/supervise.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("supervise", { grid, step, supervise: source });

const supervisedMeanOp: Op<null> = {
  name: "supervised_mean",
  outputs: (inputs) => {
    const other = inputs.find(({ shape }) => shape.join() !== "B,1");
    if (other) {
      throw new TypeError(
        `Cannot build supervised_mean: logits must have shape [B, 1], received ${formatShape(other.shape)}`,
      );
    }
    return [["B", 1]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const params = { batch: k.batch };
    k.run({ shader: kernels, entry: "mean", bind: { a, b, y }, params, grid: Math.ceil(k.batch / 64) });
  },
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [...applyAll(gradientOp, [a, b, dy], null)] : [],
};

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
