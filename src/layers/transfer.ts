/**
 * What a task hands on to the next one of a funnel.
 *
 * @module
 */
import { xavierNormal } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { fieldDot, scale, subtract } from "../ops/dense/arithmetic.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { softmax } from "../ops/dense/softmax.ts";
import { concat } from "../ops/shape/concat.ts";
import { reshape } from "../ops/shape/reshape.ts";
import { addLoss } from "../ops/train/add_loss.ts";
import { mixExperts } from "./experts.ts";
import { activation, dense } from "./mlp.ts";

/**
 * Mixes a task's vector with what the task before says: z = sum_v w_v V v over v = t and v = relu(W u + b), with
 * w = softmax_v(<Q v, K v> / sqrt(N)).
 *
 * D. Xi et al.: Adaptive Information Transfer Multi-task. KDD 2021, equations 3 to 6.
 *
 * @param t vector of the task, `[B, N]`
 * @param u vector that the task before went on with, `[B, M]`
 * @returns z `[B, N]`
 */
export function transfer(t: Tensor, u: Tensor, options: { name?: string } = {}): Tensor {
  const { graph } = t;
  const name = graph.uniqueName(options.name ?? "transfer");
  const width = widthOf(t.shape);
  const info = dense(u, width, { name: `${name}.info`, activation: "relu" });
  const vectors = reshape(concat(t, info), ["B", 2, width]);
  const [q, k, v] = ["q", "k", "v"].map((kind) =>
    product(vectors, graph.parameter(`${name}.${kind}.weight`, [width, width], xavierNormal()))
  ); // [B, 2, N]
  const weights = softmax(scale(fieldDot(q, k), 1 / Math.sqrt(width))); // [B, 2]
  graph.expose(`${name}.weights`, weights);
  return mixExperts(reshape(weights, ["B", 1, 2]), reshape(v, ["B", 2 * width]), 2);
}

/**
 * Makes training punish a task that is likelier than the one before it: adds weight mean_b max(p_b - q_b, 0) to the loss,
 * with the probabilities p of the task and q of the one before.
 *
 * D. Xi et al.: Adaptive Information Transfer Multi-task. KDD 2021, equation 8, as a mean in place of a sum over the batch.
 *
 * @param logits `[B, 1]`
 * @param before logits of the task before, `[B, 1]`
 * @returns the logits
 */
export function orderPenalty(logits: Tensor, before: Tensor, weight: number): Tensor {
  const [p, q] = [logits, before].map((z) => activation(z, "sigmoid"));
  return addLoss(logits, activation(subtract(p, q), "relu"), weight);
}
