/**
 * Third-order factorization machine over embeddings.
 *
 * @module
 */
import source from "../../../shaders/interaction/third_order.wgsl" with { type: "text" };
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitFieldKernel, type FieldKernels, spansOf } from "./field_kernel.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

const kernels: FieldKernels = { name: "third_order", source };

const thirdOrderOp: Op<FieldSizes> = {
  name: "thirdOrder",
  outputs: (_, { dim }) => [["B", 1], ["B", 2 * dim]],
  emit: (k, { inputs: [e], outputs: [y, sums], attributes }) =>
    emitFieldKernel(k, kernels, attributes, "forward", { e, y, sums }, k.batch),
  backward: ({ inputs: [e], outputs: [, sums], attributes }, [dy]) => [
    dy && apply(backwardOp, [e, sums, dy], attributes),
  ],
};

const backwardOp: Op<FieldSizes> = {
  name: "thirdOrderBackward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, kept, dy], outputs: [de], attributes }) => {
    const invocations = k.batch * attributes.fields * spansOf(k, attributes.dim);
    emitFieldKernel(k, kernels, attributes, "backward", { e, kept, dy, de }, invocations);
  },
};

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
