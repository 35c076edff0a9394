/**
 * Vectors lifted to the hyperboloid of Lorentz space.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/hyperboloid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { filled } from "../dense/arithmetic.ts";
import { lanesOf } from "../shape/lane.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

function emit(k: Emitter, entry: string, { fields, dim }: FieldSizes, bind: Record<string, Tensor>): void {
  const { part, count } = lanesOf(dim);
  const rows = k.batch * fields;
  k.run({
    shader: shader("hyperboloid", { grid, ...part, hyperboloid: source }),
    entry,
    bind,
    constants: { LANES: count },
    params: { rows },
    grid: Math.ceil(rows / 64),
  });
}

const hyperboloidOp: Op<FieldSizes> = {
  name: "hyperboloid",
  outputs: ([e], { fields }) => [e.shape, ["B", fields, 1]],
  emit: (k, { inputs: [x], outputs: [space, time], attributes }) => emit(k, "forward", attributes, { x, space, time }),
  backward: ({ inputs: [x], outputs, attributes }, gradients) => {
    const [dspace, dtime] = outputs.map((y, i) => gradients[i] ?? filled(y, 0));
    return [apply(backwardOp, [x, dspace, dtime], attributes)];
  },
};

const backwardOp: Op<FieldSizes> = {
  name: "hyperboloid_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dspace, dtime], outputs: [dx], attributes }) =>
    emit(k, "backward", attributes, { x, dspace, dtime, dx }),
};

/**
 * Lifts vectors to the hyperboloid and scales them to time 1: space = e / s and time = 1 - 1 / s with s = sqrt(1 + |e|^2).
 *
 * @param e embeddings `[B, F, D]`
 * @returns `space` `[B, F, D]` and `time` `[B, F, 1]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function hyperboloid(e: Tensor): { space: Tensor; time: Tensor } {
  const [space, time] = applyAll(hyperboloidOp, [e], fieldSizes("hyperboloid", e));
  return { space, time };
}
