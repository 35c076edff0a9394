/**
 * Elementary symmetric sums: the products of all sets of fields, order by order.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/symmetric_sums.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

/** Highest order: an invocation keeps the sums of all orders in registers. */
const MOST = 8;

interface Attributes extends FieldSizes {
  readonly order: number;
}

const symmetricSumsOp: Op<Attributes> = {
  name: "symmetric_sums",
  outputs: (_, { order, dim }) => [["B", order, dim]],
  emit: (k, { inputs: [e], outputs: [y], attributes }) => emit(k, "forward", attributes, { e, y }, k.batch),
  backward: ({ inputs: [e], outputs: [sums], attributes }, [dy]) => [
    dy && apply(backwardOp, [e, sums, dy], attributes),
  ],
};

const backwardOp: Op<Attributes> = {
  name: "symmetric_sums_backward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, sums, dy], outputs: [de], attributes }) =>
    emit(k, "backward", attributes, { e, sums, dy, de }, k.batch * attributes.fields),
};

function emit(
  k: Emitter,
  entry: string,
  { fields, dim, order }: Attributes,
  bind: Record<string, Tensor>,
  rows: number,
): void {
  const { part, count } = lanesOf(dim);
  k.run({
    shader: shader("symmetric_sums", { grid, ...part, symmetric_sums: source }),
    entry,
    bind,
    constants: { LANES: count, ORDER: order },
    params: { batch: k.batch, fields },
    grid: Math.ceil(rows * count / 64),
  });
}

/**
 * Sums the element products of all sets of k fields, for each k up to an order:
 * y[b, k - 1, :] = sum_{i_1 < ... < i_k} e[b, i_1, :] * ... * e[b, i_k, :].
 *
 * @param e embeddings `[B, F, D]`
 * @param order highest k, from 1 to 8
 * @returns `[B, order, D]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 * @throws {RangeError} when the order is not one of these
 */
export function symmetricSums(e: Tensor, order: number): Tensor {
  if (!(Number.isInteger(order) && order >= 1 && order <= MOST)) {
    throw new RangeError(`Cannot build symmetric_sums: the order must be 1 to ${MOST}, received ${order}`);
  }
  return apply(symmetricSumsOp, [e], { ...fieldSizes("symmetric_sums", e), order });
}
