/**
 * Further terms of the loss that a model itself brings.
 *
 * @module
 */
import source from "../../../shaders/train/add_loss.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("add_loss", { grid, step, add_loss: source });

/** Passes its first input on; the attribute is the weight of the mean of the second. */
const addLossOp: Op<number> = {
  name: "add_loss",
  alias: true,
  outputs: ([y, values]) => {
    if (values.shape.join() !== "B,1") {
      throw new TypeError(
        `Cannot build add_loss: values must have shape [B, 1], received ${formatShape(values.shape)}`,
      );
    }
    return [y.shape];
  },
  emit: () => {},
  backward: ({ inputs: [, values], attributes }, [dy]) => [dy, apply(gradientOp, [values], attributes)],
};

const gradientOp: Op<number> = {
  name: "add_loss_gradient",
  outputs: ([values]) => [values.shape],
  emit: (k, { outputs: [dy], attributes: weight }) =>
    k.run({
      shader: kernels,
      entry: "gradient",
      bind: { dy },
      params: { batch: k.batch, weight },
      grid: Math.ceil(k.batch / 64),
    }),
};

/**
 * Passes logits on and adds a term to what training minimizes: weight / rows sum_b values[b]. The reported loss is without
 * it, and predictions know nothing of it.
 *
 * @param y what the model goes on with
 * @param values `[B, 1]`
 * @param weight factor of the mean over the batch's rows
 * @returns y
 * @throws {TypeError} when the values have another shape
 */
export function addLoss(y: Tensor, values: Tensor, weight = 1): Tensor {
  return y.graph.mode === "predict" ? y : apply(addLossOp, [y, values], weight);
}
