/**
 * The mean of two logits, for ops of which each brings a gradient of its own.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import mean from "../../../shaders/train/logit_mean.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { requireLogits } from "./logits.ts";

/** Declares the shader of a mean of two logits from the part that has its gradient. */
export function logitMeanShader(name: string, gradient: string): Shader {
  return shader(name, { grid, step, logit_mean: mean, [name]: gradient });
}

/**
 * Returns the op y = (a + b) / 2 of two logits, whose gradients `gradientOp` makes of a, b and dy, and of what else the op
 * is applied to.
 */
export function logitMeanOp(name: string, kernels: Shader, gradientOp: Op<null>): Op<null> {
  return {
    name,
    outputs: ([a, b]) => {
      requireLogits(name, [a, b]);
      return [["B", 1]];
    },
    emit: (k, { inputs: [a, b], outputs: [y] }) => {
      const params = { batch: k.batch };
      k.run({ shader: kernels, entry: "mean", bind: { a, b, y }, params, grid: Math.ceil(k.batch / 64) });
    },
    backward: ({ inputs: [a, b, ...more] }, [dy]) => dy ? [...applyAll(gradientOp, [a, b, dy, ...more], null)] : [],
  };
}
