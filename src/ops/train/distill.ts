/**
 * Two logits that learn from their mean.
 *
 * @module
 */
import source from "../../../shaders/train/distill.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("distill", { grid, step, distill: source });

const distilledMeanOp: Op<null> = {
  name: "distilled_mean",
  outputs: (inputs) => {
    const other = inputs.find(({ shape }) => shape.join() !== "B,1");
    if (other) {
      throw new TypeError(
        `Cannot build distilled_mean: logits must have shape [B, 1], received ${formatShape(other.shape)}`,
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
  name: "distilled_mean_backward",
  outputs: ([a, b]) => [a.shape, b.shape],
  emit: (k, { inputs: [a, b, dy], outputs: [da, db] }) => {
    const params = { batch: k.batch };
    k.run({ shader: kernels, entry: "gradient", bind: { a, b, dy, da, db }, params, grid: Math.ceil(k.batch / 64) });
  },
};

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
