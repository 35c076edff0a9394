/**
 * Token mixing without parameters.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/token_mixing.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

const mixTokensOp: Op<null> = {
  name: "mix_tokens",
  outputs: ([{ shape }]) => {
    const [batch, tokens, width] = shape;
    if (shape.length !== 3 || batch !== "B" || Number(width) % Number(tokens) !== 0) {
      throw new TypeError(
        `Cannot build mix_tokens: input must have shape [B, T, M] with M a multiple of T, received ${
          formatShape(shape)
        }`,
      );
    }
    return [shape];
  },
  emit: (k, { inputs: [x], outputs: [y] }) => {
    const [, tokens, numbers] = x.shape.map(Number);
    const lanes = lanesOf(numbers / tokens);
    const size = sizeOf(x.shape, k.batch) / lanes.width;
    k.run({
      shader: shader("token_mixing", { grid, ...lanes.part, token_mixing: source }),
      entry: "mix_tokens",
      bind: { x, y },
      params: { size, tokens, width: lanes.count },
      grid: Math.ceil(size / 256),
    });
  },
  backward: (_, [dy]) => [dy && mixTokens(dy)],
};

/**
 * Swaps heads between tokens and adds the tokens: y[b, h, t, :] = x[b, h, t, :] + x[b, t, h, :], each token being cut into
 * as many heads as there are tokens.
 *
 * @param x `[B, T, M]`, M a multiple of T
 * @returns `[B, T, M]`
 * @throws {TypeError} when the tokens do not divide their columns
 */
export function mixTokens(x: Tensor): Tensor {
  return apply(mixTokensOp, [x], null);
}
