/**
 * Further logits that learn the labels beside those of the model.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import { labelLoss } from "./loss.ts";
import { requireTargets, withTerm } from "./term.ts";

/**
 * Passes the model's logits on, and lets others learn the same labels: training minimizes besides, and reports, `weight`
 * times their binary cross-entropy, in which unknown labels and the weights of rows count as in the model's own loss.
 * Predictions do not compute them.
 *
 * @param logits what the model goes on with
 * @param auxiliary `[B, T]`, in the order of the tasks
 * @param targets labels and the row's weight `[T + 1, B]`, as the model's input has them in training
 * @param weight factor of the added loss, at least 0
 * @returns the logits
 * @throws {TypeError} when a shape differs, or there are no targets
 */
export function withAuxiliary(logits: Tensor, auxiliary: Tensor, targets: Tensor | undefined, weight = 1): Tensor {
  if (logits.graph.mode === "predict") return logits;
  const options = { weighted: true, scale: weight };
  const { loss, dLogits } = labelLoss(auxiliary, requireTargets("auxiliary_logit", targets), options);
  return withTerm(logits, loss, [[auxiliary, dLogits]]);
}
