/**
 * Softmax over the last size.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/softmax.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { columnsOf } from "./matmul_layout.ts";

const kernels = shader("softmax", { grid, softmax: source });

const softmaxOp: Op<null> = {
  name: "softmax",
  outputs: ([x]) => {
    columnsOf("softmax", x);
    return [x.shape];
  },
  emit: (k, { inputs: [x], outputs: [y] }) => emitRows(k, "forward", { x, y }),
  backward: ({ outputs: [y] }, [dy]) => [dy && apply(softmaxBackwardOp, [y, dy], null)],
};

const softmaxBackwardOp: Op<null> = {
  name: "softmax_backward",
  outputs: ([y]) => [y.shape],
  emit: (k, { inputs: [y, dy], outputs: [dx] }) => emitRows(k, "backward", { x: y, dy, y: dx }),
};

function emitRows(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const width = columnsOf("softmax", bind.y);
  const rows = sizeOf(bind.y.shape, k.batch) / width;
  k.run({ shader: kernels, entry, bind, params: { rows, width }, grid: Math.ceil(rows / 64) });
}

/**
 * Turns each row of the last size into weights: y[n] = exp(x[n]) / sum_m exp(x[m]).
 *
 * @param x `[..., N]`
 * @returns `[..., N]`
 * @throws {TypeError} when N is unknown
 */
export function softmax(x: Tensor): Tensor {
  return apply(softmaxOp, [x], null);
}
