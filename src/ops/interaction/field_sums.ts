/**
 * Sums along the axis of fields, or of places, and rows repeated along it.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/field_sums.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { flatten, reshape } from "../shape/reshape.ts";
import { fieldSizes } from "./pairs.ts";

/** Groups of a sample, fields of a group, and what a sum is multiplied by. */
interface Groups {
  readonly groups: number;
  readonly fields: number;
  readonly factor: number;
}

function emit(k: Emitter, entry: string, sizes: Groups, x: Tensor, y: Tensor, row?: Tensor): void {
  const { groups, fields, factor } = sizes;
  const { part, count } = lanesOf(Number(x.shape.at(-1)));
  const rows = k.batch * groups;
  k.run({
    shader: shader("field_sums", { grid, ...part, field_sums: source }),
    entry,
    bind: { x, y, row },
    constants: { LANES: count },
    params: { groups: rows, fields, factor },
    grid: Math.ceil((["repeat", "shift"].includes(entry) ? rows * fields : rows) * count / 64),
  });
}

const sumOp: Op<Groups> = {
  name: "field_sum",
  outputs: ([x], { groups }) => [["B", groups, x.shape[2]]],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "sum", attributes, x, y),
  backward: ({ attributes }, [dy]) => [dy && apply(repeatOp, [dy], attributes)],
};

const repeatOp: Op<Groups> = {
  name: "repeat_fields",
  outputs: ([x], { groups, fields }) => [["B", groups * fields, x.shape[2]]],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "repeat", attributes, x, y),
  backward: ({ attributes }, [dy]) => [dy && apply(sumOp, [dy], attributes)],
};

const shiftOp: Op<Groups> = {
  name: "shift_fields",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, row], outputs: [y], attributes }) => emit(k, "shift", attributes, x, y, row),
  backward: ({ inputs: [, row], attributes }, [dy]) =>
    dy ? [dy, reshape(apply(sumOp, [dy], attributes), row.shape)] : [],
};

const beforeOp: Op<Groups> = {
  name: "fields_before",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "before", attributes, x, y),
  backward: ({ attributes }, [dy]) => [dy && apply(afterOp, [dy], attributes)],
};

const afterOp: Op<Groups> = {
  name: "fields_after",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "after", attributes, x, y),
};

const centerOp: Op<Groups> = {
  name: "center_fields",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "center", attributes, x, y),
  backward: ({ attributes }, [dy]) => [dy && apply(centerOp, [dy], attributes)],
};

/**
 * Sums groups of neighboring fields: y[b, g, :] = factor sum_f x[b, g F / G + f, :] over the F / G fields of group g.
 *
 * @param x `[B, F, D]`
 * @param groups number of groups G, a divisor of F
 * @param factor what sums are multiplied by
 * @returns `[B, G, D]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 * @throws {RangeError} when the groups do not divide the fields
 */
export function fieldSum(x: Tensor, groups = 1, factor = 1): Tensor {
  const { fields } = fieldSizes("field_sum", x);
  if (!(Number.isInteger(groups) && groups > 0 && fields % groups === 0)) {
    throw new RangeError(`Cannot build field_sum: groups must divide ${fields} fields, received ${groups}`);
  }
  return apply(sumOp, [x], { groups, fields: fields / groups, factor });
}

/**
 * Averages the fields: y[b, 0, :] = mean_f x[b, f, :].
 *
 * @param x `[B, F, D]`
 * @returns `[B, 1, D]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function fieldMean(x: Tensor): Tensor {
  return fieldSum(x, 1, 1 / fieldSizes("field_mean", x).fields);
}

/**
 * Sums places: y[b, n] = sum_t x[b, t, n].
 *
 * @param x `[B, L, N]`
 * @returns `[B, N]`
 * @throws {TypeError} when `x` has another shape
 */
export function sumPlaces(x: Tensor): Tensor {
  return flatten(apply(sumOp, [x], oneGroup("sum_places", x)));
}

/**
 * Repeats each row at every place: y[b, t, n] = x[b, n].
 *
 * @param x `[B, N]`
 * @param places number of places L
 * @returns `[B, L, N]`
 * @throws {TypeError} when `x` has another shape
 */
export function repeat(x: Tensor, places: number): Tensor {
  const { shape } = x;
  if (shape.length !== 2 || shape[0] !== "B" || !(places > 0)) {
    throw new TypeError(`Cannot build repeat: input must have shape [B, N], received ${formatShape(shape)}`);
  }
  return apply(repeatOp, [reshape(x, ["B", 1, shape[1]])], { groups: 1, fields: places, factor: 1 });
}

/**
 * Adds the same row to all fields: y[b, f, :] = x[b, f, :] + row[b, :].
 *
 * @param x `[B, F, D]`
 * @param row `[B, D]`
 * @returns `[B, F, D]`
 * @throws {TypeError} when the shapes do not fit
 */
export function shiftFields(x: Tensor, row: Tensor): Tensor {
  const { dim } = fieldSizes("shift_fields", x);
  if (row.shape.join() !== `B,${dim}`) {
    throw new TypeError(
      `Cannot build shift_fields: the row must have shape [B, ${dim}], received ${formatShape(row.shape)}`,
    );
  }
  return apply(shiftOp, [x, row], oneGroup("shift_fields", x));
}

/**
 * Sums the fields in front of each field: y[b, f, :] = sum_{i<f} x[b, i, :].
 *
 * With it sums over ordered pairs take one pass: sum_{i<j} <u_i, v_j> = sum_j <y_j, v_j>.
 *
 * @param x `[B, F, D]`
 * @returns `[B, F, D]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function fieldsBefore(x: Tensor): Tensor {
  return apply(beforeOp, [x], oneGroup("fields_before", x));
}

/**
 * Subtracts the mean over the fields: y[b, f, :] = x[b, f, :] - mean_i x[b, i, :].
 *
 * @param x `[B, F, D]`
 * @returns `[B, F, D]`
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function centerFields(x: Tensor): Tensor {
  return apply(centerOp, [x], oneGroup("center_fields", x));
}

function oneGroup(op: string, x: Tensor): Groups {
  return { groups: 1, fields: fieldSizes(op, x).fields, factor: 1 };
}
