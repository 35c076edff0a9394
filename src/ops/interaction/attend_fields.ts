/**
 * Fields pooled by a softmax over them.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/attend_fields.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

interface Attributes extends FieldSizes {
  readonly heads: number;
}

function emit(
  k: Emitter,
  entry: "forward" | "backward",
  { fields, dim, heads }: Attributes,
  bind: Record<string, Tensor>,
): void {
  const { part, count } = lanesOf(dim / heads);
  const invocations = k.batch * heads * (entry === "forward" ? count : fields);
  k.run({
    shader: shader("attend_fields", { grid, ...part, attend_fields: source }),
    entry,
    bind,
    constants: { LANES: count },
    params: { batch: k.batch, fields, heads },
    grid: Math.ceil(invocations / 64),
  });
}

const attendOp: Op<Attributes> = {
  name: "attend_fields",
  outputs: ([, s], { dim }) => [["B", dim], s.shape],
  emit: (k, { inputs: [x, s], outputs: [y, w], attributes }) => emit(k, "forward", attributes, { x, s, y, w }),
  backward: ({ inputs: [x], outputs: [pooled, weights], attributes }, [dy]) =>
    dy ? [...applyAll(backwardOp, [x, pooled, weights, dy], attributes)] : [],
};

const backwardOp: Op<Attributes> = {
  name: "attend_fields_backward",
  outputs: ([x, , weights]) => [x.shape, weights.shape],
  emit: (k, { inputs: [x, pooled, weights, dy], outputs: [dx, ds], attributes }) =>
    emit(k, "backward", attributes, { x, pooled, weights, dy, dx, ds }),
};

/**
 * Pools fields by a softmax over them: y[b, h] = sum_f w[b, f, h] x[b, f, h] with w = softmax_f(s[b, f, h]), where head h
 * has D / H columns of x.
 *
 * @param x `[B, F, D]`
 * @param s scores `[B, F, H]`
 * @returns `pooled` `[B, D]`, and `weights` `[B, F, H]` to look at: they pass no gradient on
 * @throws {TypeError} when the shapes do not fit
 * @throws {RangeError} when the heads do not divide the columns
 */
export function attendFields(x: Tensor, s: Tensor): { pooled: Tensor; weights: Tensor } {
  const sizes = fieldSizes("attend_fields", x);
  const { fields, dim: heads } = fieldSizes("attend_fields", s);
  if (fields !== sizes.fields) {
    throw new TypeError(
      `Cannot build attend_fields: scores must have shape [B, ${sizes.fields}, H], received ${formatShape(s.shape)}`,
    );
  }
  if (sizes.dim % heads !== 0) {
    throw new RangeError(`Cannot build attend_fields: heads must divide ${sizes.dim} columns, received ${heads}`);
  }
  const [pooled, weights] = applyAll(attendOp, [x, s], { ...sizes, heads });
  return { pooled, weights };
}
