/**
 * Bi-interaction pooling: the sum of all pairwise element products of embeddings.
 *
 * @module
 */
import source from "../../shaders/bi_interaction.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { lanesOf, spanOf } from "./lane.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

const biInteractionOp: Op<FieldSizes> = {
  name: "biInteraction",
  outputs: (_, { dim }) => [["B", dim], ["B", dim]],
  emit: (k, { inputs: [e], outputs: [y, sum], attributes }) =>
    emit(k, attributes, "forward", { e, y, sum }, k.batch * lanesOf(attributes.dim).count, k.needed(sum)),
  backward: (
    { inputs: [e], outputs: [, sum], attributes },
    [dy],
  ) => [dy && apply(backwardOp, [e, sum, dy], attributes)],
};

const backwardOp: Op<FieldSizes> = {
  name: "biInteractionBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, sum, dy], outputs: [de], attributes }) => {
    const lanes = lanesOf(attributes.dim).count;
    const parts = Math.ceil(lanes / spanOf(k.gpu.adapter.software, lanes));
    emit(k, attributes, "backward", { e, total_of: sum, dy, de }, k.batch * attributes.fields * parts);
  },
};

function emit(
  k: Emitter,
  { fields, dim }: FieldSizes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  invocations: number,
  keepsSum = true,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("bi_interaction", { grid, ...lanes.part, bi_interaction: source }),
    entry,
    bind,
    constants: { LANES: lanes.count, SPAN: spanOf(k.gpu.adapter.software, lanes.count), KEEPS_SUM: keepsSum },
    params: { batch: k.batch, fields },
    grid: Math.ceil(invocations / 64),
  });
}

/**
 * Sums the element products of all pairs of fields:
 * y[b, :] = sum_{i<j} e[b, i, :] e[b, j, :] = 1/2 ((sum_f e[b, f, :])^2 - sum_f e[b, f, :]^2).
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, D]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function biInteraction(e: Tensor): Tensor {
  return apply(biInteractionOp, [e], fieldSizes("biInteraction", e));
}
