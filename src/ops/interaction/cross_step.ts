/**
 * A row crossed with another by a vector, in one pass.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import fold from "../../../shaders/interaction/fold.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/cross_step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { columnsOf } from "../dense/matmul_layout.ts";
import { emitColumnSum } from "../dense/matmul_vector.ts";
import { lanesOf } from "../shape/lane.ts";

/** Inputs x0, x, w and bias; outputs y and x . w. */
const crossStepOp: Op<null> = {
  name: "cross_step",
  outputs: ([x0, x, w, bias]) => {
    const width = columnsOf("cross_step", x);
    const expected = [`B,${width}`, `B,${width}`, `${width},1`, `${width}`];
    if ([x0, x, w, bias].some(({ shape }, i) => shape.join() !== expected[i])) {
      const received = [x0, x, w, bias].map(({ shape }) => formatShape(shape)).join(", ");
      throw new TypeError(`Cannot build cross_step: shapes must be [B, N], [B, N], [N, 1], [N], received ${received}`);
    }
    return [x.shape, ["B", 1]];
  },
  emit: (k, { inputs: [x0, x, w, bias], outputs: [y, dots] }) => emit(k, "forward", { x0, x, w, bias, y, dots }),
  backward: ({ inputs: [x0, x, w], outputs: [, dots] }, [dy]) => {
    if (!dy) return [];
    return applyAll(backwardOp, [x0, x, w, dots, dy], null);
  },
};

const backwardOp: Op<null> = {
  name: "cross_step_backward",
  outputs: ([x0, x, w]) => [x0.shape, x.shape, w.shape, [columnsOf("cross_step", x)]],
  emit: (k, { inputs: [x0, x, w, saved, dy], outputs: [dx0, dx, dw, dBias] }) => {
    const ds = k.scratch(["B", 1]);
    emit(k, "backward", { x0, w, saved, dy, dx0, dx, ds });
    emitColumnSum(k, x, dw, ds);
    emitColumnSum(k, dy, dBias);
  },
};

function emit(k: Emitter, entry: string, bind: Readonly<Record<string, Tensor>>): void {
  const { part, count } = lanesOf(columnsOf("cross_step", bind.x0));
  k.run({
    shader: shader("cross_step", { grid, ...part, fold, cross_step: source }),
    entry,
    bind,
    constants: { LANES: count },
    params: { batch: k.batch },
    grid: k.batch,
  });
}

/**
 * Crosses rows with others by a vector: y = x0 (x . w) + x + bias.
 *
 * @param x0 `[B, N]`
 * @param x `[B, N]`
 * @param w `[N, 1]`
 * @param bias `[N]`
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 */
export function crossByVector(x0: Tensor, x: Tensor, w: Tensor, bias: Tensor): Tensor {
  return apply(crossStepOp, [x0, x, w, bias], null);
}
