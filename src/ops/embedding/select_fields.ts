/**
 * Fields picked out of the occurrences of a batch.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/embedding/select_fields.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { checkLookup, type Lookup } from "./lookup.ts";

const kernels = shader("select_fields", { grid, step, select_fields: source });

/** A field to pick. */
export interface Pick {
  /** Number of the field among those of the ids. */
  readonly field: number;
  /** Added to its row numbers. */
  readonly shift: number;
}

const selectFieldsOp: Op<readonly Pick[]> = {
  name: "select_fields",
  outputs: ([ids, values], picks) => {
    const fields = checkLookup("select_fields", { ids, values });
    const wrong = picks.find(({ field }) => !(Number.isInteger(field) && field >= 0 && field < fields));
    if (wrong || picks.length === 0) {
      throw new RangeError(
        `Cannot select fields: there are fields 0 to ${fields - 1}, received ${wrong ? wrong.field : "none"}`,
      );
    }
    const shape = [picks.length, "B"] as const;
    return values ? [{ shape, dtype: "u32" }, shape] : [{ shape, dtype: "u32" }];
  },
  emit: (k, { inputs: [ids, values], outputs: [selectedIds, selectedValues], attributes }) => {
    attributes.forEach(({ field, shift }, place) => {
      const params = { batch: k.batch, field, place, shift };
      const call = { shader: kernels, params, grid: Math.ceil(k.batch / 64) };
      k.run({ ...call, entry: "select_ids", bind: { ids, selected_ids: selectedIds } });
      if (values) k.run({ ...call, entry: "select_values", bind: { values, selected_values: selectedValues } });
    });
  },
};

/**
 * Picks fields out of a batch and moves each into another row space: ids'[f, b] = ids[picks[f].field, b] + shift.
 *
 * @returns ids `[picks, B]` and, where there are any, values `[picks, B]`
 * @throws {RangeError} when there is no such field, or none is picked
 */
export function selectFields({ ids, values }: Lookup, picks: readonly Pick[]): { ids: Tensor; values?: Tensor } {
  const [selected, selectedValues] = applyAll(selectFieldsOp, values ? [ids, values] : [ids], picks);
  return { ids: selected, values: selectedValues };
}
