/**
 * A second logit that learns the labels beside the first.
 *
 * @module
 */
import source from "../../../shaders/train/auxiliary.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { requireLogits } from "./logits.ts";

const kernels = shader("auxiliary", { grid, step, auxiliary: source });

/** Passes its first input on; the attribute is the weight of the second's loss. */
const auxiliaryOp: Op<number> = {
  name: "auxiliary_logit",
  alias: true,
  outputs: (logits) => {
    requireLogits("auxiliary_logit", logits);
    return [["B", 1]];
  },
  emit: () => {},
  backward: ({ inputs: [z, a], attributes }, [dz]) => dz ? [dz, apply(gradientOp, [z, dz, a], attributes)] : [],
};

const gradientOp: Op<number> = {
  name: "auxiliary_logit_backward",
  outputs: ([, , a]) => [a.shape],
  emit: (k, { inputs: [z, dz, a], outputs: [da], attributes: weight }) =>
    k.run({
      shader: kernels,
      entry: "gradient",
      bind: { z, dz, a, da },
      params: { batch: k.batch, weight },
      grid: Math.ceil(k.batch / 64),
    }),
};

/**
 * Passes the model's logits on, and lets another logit learn the same labels: training adds `weight` times its mean binary
 * cross-entropy, for which the rows of a batch count alike. The reported loss is that of the model's logits alone, and
 * predictions do not compute the other one.
 *
 * @param logits what the model returns, `[B, 1]`
 * @param auxiliary `[B, 1]`
 * @param weight factor of the added loss
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape differs
 */
export function withAuxiliary(logits: Tensor, auxiliary: Tensor, weight = 1): Tensor {
  return logits.graph.mode === "predict" ? logits : apply(auxiliaryOp, [logits, auxiliary], weight);
}
