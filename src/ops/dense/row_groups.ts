/**
 * Rows of a batch sorted by group, for kernels that treat each group's rows together.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/row_groups.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";

const kernels = shader("row_groups", { grid, row_groups: source });

/** Which group each row of a batch belongs to. */
export interface RowGroups {
  /** Number G of groups. */
  readonly count: number;
  /**
   * The groups `[B]`, u32.
   *
   * @internal
   */
  readonly of: Tensor;
  /**
   * Rows by group, in their order within one, `[B]`, u32.
   *
   * @internal
   */
  readonly order: Tensor;
  /**
   * Places in the order where groups begin, and its end, `[G + 1]`, u32.
   *
   * @internal
   */
  readonly offsets: Tensor;
}

const rowGroupsOp: Op<number> = {
  name: "row_groups",
  outputs: ([groups], count) => {
    const { shape, dtype } = groups;
    if (dtype !== "u32" || widthOf(shape) !== 1 || !shape.includes("B")) {
      throw new TypeError(
        `Cannot build row_groups: groups must be u32 of shape [B], received ${dtype} ${formatShape(shape)}`,
      );
    }
    if (!(Number.isInteger(count) && count > 0)) {
      throw new RangeError(`Cannot build row_groups: there must be a whole number of groups, received ${count}`);
    }
    return [{ shape: ["B"], dtype: "u32" }, { shape: [count + 1], dtype: "u32" }];
  },
  emit: (k, { inputs: [groups], outputs: [order, offsets], attributes: count }) =>
    k.run({
      shader: kernels,
      entry: "sort",
      bind: { groups, order, offsets },
      params: { batch: k.batch, count },
      grid: count,
    }),
};

/**
 * Sorts the rows of a batch by group; rows of one group keep their order.
 *
 * @param groups groups below `count`, `[B]` or `[1, B]`, u32
 * @throws {TypeError} when the shape or the type differs
 * @throws {RangeError} when there is no group
 */
export function rowGroups(groups: Tensor, count: number): RowGroups {
  const [order, offsets] = applyAll(rowGroupsOp, [groups], count);
  return { count, of: groups, order, offsets };
}
