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
    const run = (entry: string, bind: Record<string, Tensor>, run: Run): void =>
      k.run({
        shader: kernels,
        entry,
        bind,
        params: { batch: k.batch, ...run },
        grid: Math.ceil(run.count * k.batch / 64),
      });
    for (const ofIds of runsOf(attributes)) run("select_ids", { ids, selected_ids: selectedIds }, ofIds);
    if (!values) return;
    const unmoved = attributes.map(({ field }) => ({ field, shift: 0 }));
    for (const ofValues of runsOf(unmoved)) run("select_values", { values, selected_values: selectedValues }, ofValues);
  },
};

/** Picks that one dispatch takes: those of `count` fields from `field` on, `stride` apart. */
interface Run {
  readonly field: number;
  readonly stride: number;
  readonly place: number;
  readonly count: number;
  readonly shift: number;
}

/** Cuts picks into runs of one shift and one distance between neighbors. */
function runsOf(picks: readonly Pick[]): Run[] {
  const runs: Run[] = [];
  picks.forEach(({ field, shift }, place) => {
    const last = runs.at(-1);
    const stride = last && (last.count === 1 ? field - last.field : last.stride);
    const continues = last && last.shift === shift && stride! > 0 && field === last.field + last.count * stride!;
    if (continues) runs[runs.length - 1] = { ...last, stride: stride!, count: last.count + 1 };
    else runs.push({ field, stride: 1, place, count: 1, shift });
  });
  return runs;
}

/** Returns whether row numbers are those of picked fields, in the order of the picks. */
export function isSelection(ids: Tensor): boolean {
  return ids.node?.op === selectFieldsOp;
}

/**
 * Picks fields out of a batch and moves each into another row space: ids'[f, b] = ids[picks[f].field, b] + shift. Places
 * of a history are picked like fields; where it has ended, ids stay past every table, as shifts only move down.
 *
 * @returns ids `[picks, B]` and, where there are any, values `[picks, B]`
 * @throws {RangeError} when there is no such field, or none is picked
 */
export function selectFields({ ids, values }: Lookup, picks: readonly Pick[]): { ids: Tensor; values?: Tensor } {
  const [selected, selectedValues] = applyAll(selectFieldsOp, values ? [ids, values] : [ids], picks);
  return { ids: selected, values: selectedValues };
}
