/**
 * Further terms of the loss that a model itself brings.
 *
 * @module
 */
import source from "../../../shaders/train/add_loss.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { withTerm } from "./term.ts";

const kernels = shader("add_loss", { step, add_loss: source });

/** The mean of values times the attribute, with its gradient. */
const meanOp: Op<number> = {
  name: "add_loss",
  outputs: ([values]) => {
    if (values.shape.join() !== "B,1") {
      throw new TypeError(
        `Cannot build add_loss: values must have shape [B, 1], received ${formatShape(values.shape)}`,
      );
    }
    return [[1], values.shape];
  },
  emit: (k, { inputs: [values], outputs: [term, dValues], attributes: weight }) =>
    k.run({
      shader: kernels,
      entry: "mean",
      bind: { values, term, d_values: dValues },
      params: { batch: k.batch, weight },
      grid: 1,
    }),
};

/**
 * Passes logits on and adds a term to what training minimizes and reports: weight / rows sum_b values[b]. Predictions know
 * nothing of it.
 *
 * @param y what the model goes on with
 * @param values `[B, 1]`
 * @param weight factor of the mean over the batch's rows
 * @returns y
 * @throws {TypeError} when the values have another shape
 */
export function addLoss(y: Tensor, values: Tensor, weight = 1): Tensor {
  if (y.graph.mode === "predict") return y;
  const [term, dValues] = applyAll(meanOp, [values], weight);
  return withTerm(y, term, [[values, dValues]]);
}
