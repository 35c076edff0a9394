/**
 * Softmax over the places of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/place_softmax.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { requireLengths } from "./places.ts";

const kernels = shader("place_softmax", { grid, place_softmax: source });

const placeSoftmaxOp: Op<null> = {
  name: "place_softmax",
  outputs: ([x, lengths]) => {
    if (x.shape.length !== 2 || x.shape[0] !== "B" || typeof x.shape[1] !== "number") {
      throw new TypeError(
        `Cannot build place_softmax: scores must have shape [B, L], received ${formatShape(x.shape)}`,
      );
    }
    requireLengths("place_softmax", lengths);
    return [x.shape];
  },
  emit: (k, { inputs: [x, lengths], outputs: [y] }) => emitRows(k, "forward", { x, lengths, y }),
  backward: ({ inputs: [, lengths], outputs: [y] }, [dy]) => [
    dy && apply(placeSoftmaxBackwardOp, [y, dy, lengths], null),
  ],
};

const placeSoftmaxBackwardOp: Op<null> = {
  name: "place_softmax_backward",
  outputs: ([y]) => [y.shape],
  emit: (k, { inputs: [y, dy, lengths], outputs: [dx] }) => emitRows(k, "backward", { x: y, dy, lengths, y: dx }),
};

function emitRows(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const places = Number(bind.y.shape[1]);
  k.run({ shader: kernels, entry, bind, params: { batch: k.batch, places }, grid: Math.ceil(k.batch / 64) });
}

/**
 * Turns the scores of a history's places into weights: w[b, t] = exp(s[b, t]) / sum over t < lengths[b] of exp(s[b, t]),
 * and 0 past the end; all are 0 where the history is empty.
 *
 * @param scores `[B, L]`
 * @param lengths `[B]`, u32
 * @returns `[B, L]`
 * @throws {TypeError} when a shape differs
 */
export function placeSoftmax(scores: Tensor, lengths: Tensor): Tensor {
  return apply(placeSoftmaxOp, [scores, lengths], null);
}
