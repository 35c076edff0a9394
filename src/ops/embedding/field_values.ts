/**
 * Numbers of numeric fields as a matrix.
 *
 * @module
 */
import source from "../../../shaders/embedding/field_values.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { checkLookup } from "./lookup.ts";

const kernels = shader("field_values", { grid, step, field_values: source });

/** A numeric field. */
export interface NumericColumn {
  /** Number of the field among those of the ids. */
  readonly field: number;
  /** Row of the field's number; other rows stand for a missing one. */
  readonly row: number;
}

const fieldValuesOp: Op<readonly NumericColumn[]> = {
  name: "field_values",
  outputs: ([ids, values], columns) => {
    const fields = checkLookup("field_values", { ids, values });
    const wrong = columns.find(({ field }) => !(Number.isInteger(field) && field >= 0 && field < fields));
    if (wrong || columns.length === 0) {
      throw new RangeError(
        `Cannot build field_values: there are fields 0 to ${fields - 1}, received ${wrong ? wrong.field : "none"}`,
      );
    }
    return [["B", columns.length]];
  },
  emit: (k, { inputs: [ids, values], outputs: [y], attributes }) =>
    attributes.forEach(({ field, row }, place) =>
      k.run({
        shader: kernels,
        entry: "column",
        bind: { ids, values, y },
        params: { batch: k.batch, field, row, place, count: attributes.length },
        grid: Math.ceil(k.batch / 64),
      })
    ),
  backward: () => [],
};

/**
 * Gathers numbers of fields: y[b, n] = values[field_n, b], or 0 where the number is missing.
 *
 * @param ids rows `[F, B]`
 * @param values `[F, B]`
 * @returns `[B, columns]`
 * @throws {RangeError} when there is no such field, or none is named
 */
export function fieldValues(ids: Tensor, values: Tensor, columns: readonly NumericColumn[]): Tensor {
  return apply(fieldValuesOp, [ids, values], columns);
}
