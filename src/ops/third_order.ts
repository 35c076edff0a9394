/**
 * Third-order factorisation machine over embeddings.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/third_order.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { lanesOf, spanOf } from "./lane.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

const thirdOrderOp: Op<FieldSizes> = {
  name: "thirdOrder",
  outputs: (_, { dim }) => [["B", 1], ["B", 2 * dim]],
  emit: (k, { inputs: [e], outputs: [y, sums], attributes }) => emit(k, attributes, "forward", { e, y, sums }, k.batch),
  backward: ({ inputs: [e], outputs: [, sums], attributes }, [dy]) => [
    dy && apply(backwardOp, [e, sums, dy], attributes),
  ],
};

const backwardOp: Op<FieldSizes> = {
  name: "thirdOrderBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, kept, dy], outputs: [de], attributes }) => {
    const lanes = lanesOf(attributes.dim).count;
    const parts = Math.ceil(lanes / spanOf(k.gpu.adapter.software, lanes));
    emit(k, attributes, "backward", { e, kept, dy, de }, k.batch * attributes.fields * parts);
  },
};

function emit(
  k: Emitter,
  { fields, dim }: FieldSizes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  invocations: number,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("third_order", { grid, ...lanes.part, third_order: source }),
    entry,
    bind,
    constants: { LANES: lanes.count, SPAN: spanOf(k.gpu.adapter.software, lanes.count) },
    params: { batch: k.batch, fields },
    grid: Math.ceil(invocations / 64),
  });
}

/**
 * Sums the products of all triples of fields: y[b] = sum_d sum_{i<j<k} e[b, i, d] e[b, j, d] e[b, k, d].
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, 1]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function thirdOrder(e: Tensor): Tensor {
  return apply(thirdOrderOp, [e], fieldSizes("thirdOrder", e));
}
