/**
 * Lists of values cut on the GPU out of a resident data set, by an epoch's order.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/embedding/history.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";

const kernels = shader("history", { grid, step, history: source });

/** Lists of a data set that are on the GPU. */
export interface ResidentHistory {
  /** Where the values of a row are, `[capacity + 1]`, u32. */
  readonly offsets: Tensor;
  /** Ids `[values, M]`, u32. */
  readonly ids: Tensor;
  /** Weights `[values]`; absent when all are 1. */
  readonly values?: Tensor;
  /** Rows of the data set in the order of the epoch, `[capacity]`, u32. */
  readonly order: Tensor;
}

/** Lists of a batch. */
export interface CutHistory {
  /** Ids, `[L M, B]`, u32, M for each place; 0xffffffff past the end of a list. */
  readonly ids: Tensor;
  /** Weights, `[L, B]`, 0 past the end of a list; absent when all are 1. */
  readonly values?: Tensor;
  /** Values of each row, `[B]`, u32; 0 in padding rows. */
  readonly lengths: Tensor;
}

interface HistoryAttributes {
  readonly places: number;
  readonly members: number;
}

const cutHistoryOp: Op<HistoryAttributes> = {
  name: "cut_history",
  outputs: (inputs, { places, members }) => {
    const hasValues = inputs.length > 3;
    if (hasValues && members > 1) {
      throw new TypeError(`Cannot cut a history: one with values has one member, received ${members}`);
    }
    return [
      { shape: [places * members, "B"], dtype: "u32" },
      { shape: ["B"], dtype: "u32" },
      ...(hasValues ? [[places, "B"] as const] : []),
    ];
  },
  emit: (k, { inputs, outputs, attributes: { places, members } }) => {
    const [offsets, sourceIds, order, sourceValues] = inputs;
    const [ids, lengths, values] = outputs;
    k.run({
      shader: kernels,
      entry: values ? "cut_with_values" : "cut",
      bind: { order, offsets, source_ids: sourceIds, source_values: sourceValues, ids, values, lengths },
      params: { batch: k.batch, places, members },
      grid: Math.ceil(places * k.batch / 64),
    });
  },
};

/**
 * Cuts the lists of the step's batch: those of batch row b are those of data row order[step.first + b] for b < step.rows.
 *
 * @param places most values L of a list
 * @param members sequences M that run along each other
 * @throws {TypeError} when lists with values have more than one member
 */
export function cutHistory(
  { offsets, ids, order, values }: ResidentHistory,
  places: number,
  members: number,
): CutHistory {
  const inputs = [offsets, ids, order, ...(values ? [values] : [])];
  const [cutIds, lengths, cutValues] = applyAll(cutHistoryOp, inputs, { places, members });
  return { ids: cutIds, lengths, ...(cutValues && { values: cutValues }) };
}
