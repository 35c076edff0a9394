/**
 * Bi-interaction pooling: the sum of all pairwise element products of embeddings.
 *
 * @module
 */
import source from "../../../shaders/interaction/bi_interaction.wgsl" with { type: "text" };
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitFieldKernel, type FieldKernels, spansOf } from "./field_kernel.ts";
import { lanesOf } from "../shape/lane.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

const kernels: FieldKernels = { name: "bi_interaction", source };

const biInteractionOp: Op<FieldSizes> = {
  name: "biInteraction",
  outputs: (_, { dim }) => [["B", dim], ["B", dim]],
  emit: (k, { inputs: [e], outputs: [y, sum], attributes }) =>
    emitFieldKernel(k, kernels, attributes, "forward", { e, y, sum }, k.batch * lanesOf(attributes.dim).count, {
      KEEPS_SUM: k.needed(sum),
    }),
  backward: (
    { inputs: [e], outputs: [, sum], attributes },
    [dy],
  ) => [dy && apply(backwardOp, [e, sum, dy], attributes)],
};

const backwardOp: Op<FieldSizes> = {
  name: "biInteractionBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, sum, dy], outputs: [de], attributes }) => {
    const invocations = k.batch * attributes.fields * spansOf(k, attributes.dim);
    emitFieldKernel(k, kernels, attributes, "backward", { e, total_of: sum, dy, de }, invocations);
  },
};

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
