/**
 * Batches cut on the GPU out of a resident data set, by an epoch's order.
 *
 * @module
 */
import source from "../../../shaders/embedding/batch.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import unseen from "../../../shaders/embedding/unseen.wgsl" with { type: "text" };
import unseenNone from "../../../shaders/embedding/unseen_none.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { chosenBelow, UNSEEN_SALT } from "./unseen.ts";

const batch = shader("batch", { grid, step, unseen_none: unseenNone, batch: source });
const batchWithUnseen = shader("batch", { grid, step, random, unseen, batch: source });

/** Fields that one invocation copies; `BLOCK` in the shader. */
const BLOCK = 8;

/** Columns of a data set that are on the GPU, field by field. */
export interface ResidentData {
  /** Ids, `[F, capacity]`, u32. */
  readonly ids: Tensor;
  /** Values, `[F, capacity]`; absent when all are 1. */
  readonly values?: Tensor;
  /** Labels of T tasks, `[T, capacity]`, and then the rows' weights; absent when the rows are only to be scored. */
  readonly labels?: Tensor;
  /** Whether the labels end with weights; else each row's weight is 1. @default {false} */
  readonly weighted?: boolean;
  /** Rows of the data set in the order of the epoch, `[capacity]`, u32. */
  readonly order: Tensor;
}

/** What replaces a share of the occurrences, so that the rows of unseen values learn. */
export interface UnseenSubstitutes {
  /** Two rows for each field, `[F, 2]`, u32; 0xffffffff for a field whose occurrences stay. */
  readonly rows: Tensor;
  /** Share of the occurrences that is replaced on average, in [0, 0.5]. */
  readonly share: number;
}

/** A batch; rows past `step.rows` have id 0, value 0, labels 0 and weight 0. Columns are present where the data has them. */
export interface CutBatch<D extends ResidentData> {
  /** Ids, `[F, B]`, u32. */
  readonly ids: Tensor;
  /** Values, `[F, B]`. */
  readonly values: D["values"];
  /** Labels and the row's weight, `[T + 1, B]`. */
  readonly targets: D["labels"];
}

interface CutAttributes {
  readonly fields: number;
  readonly capacity: number;
  readonly values: boolean;
  /** Rows of the labels; 0 for rows that are only to be scored. */
  readonly tasks: number;
  /** Whether their last row is the weights. */
  readonly weighted: boolean;
  /** Share of the occurrences that is replaced by the rows of the last input; 0 without one. */
  readonly unseenShare: number;
}

const cutBatchOp: Op<CutAttributes> = {
  name: "cut_batch",
  outputs: (inputs, { fields, capacity, values, tasks, weighted, unseenShare }) => {
    const expected = [[fields, capacity], [capacity], ...(values ? [[fields, capacity]] : [])];
    if (tasks > 0) expected.push([tasks, capacity]);
    if (unseenShare > 0) expected.push([fields, 2]);
    inputs.forEach(({ shape }, i) => {
      if (shape.join() !== expected[i].join()) {
        const columns = [
          "ids",
          "order",
          ...(values ? ["values"] : []),
          ...(tasks > 0 ? ["labels"] : []),
          "substitutes",
        ];
        throw new TypeError(
          `Cannot cut a batch: ${columns[i]} must have shape ${formatShape(expected[i])}, received ${
            formatShape(shape)
          }`,
        );
      }
    });
    return [
      { shape: [fields, "B"], dtype: "u32" },
      ...(values ? [[fields, "B"] as const] : []),
      ...(tasks > 0 ? [[weighted ? tasks : tasks + 1, "B"] as const] : []),
    ];
  },
  emit: (k, { inputs, outputs, attributes: { fields, capacity, values, tasks, weighted, unseenShare } }) => {
    const [sourceIds, order, ...sources] = inputs;
    const [ids, ...cuts] = outputs;
    const last = values ? 1 : 0;
    k.run({
      shader: unseenShare > 0 ? batchWithUnseen : batch,
      entry: ["cut", values && "values", tasks > 0 && "labels"].filter(Boolean).join("_and_").replace(
        "_and_",
        "_with_",
      ),
      bind: {
        order,
        source_ids: sourceIds,
        source_values: values ? sources[0] : undefined,
        source_labels: tasks > 0 ? sources[last] : undefined,
        ids,
        values: values ? cuts[0] : undefined,
        targets: tasks > 0 ? cuts[last] : undefined,
        substitutes: unseenShare > 0 ? inputs[inputs.length - 1] : undefined,
      },
      constants: {
        ...(tasks > 0 && { TASKS: tasks }),
        ...(weighted && { ADDS_WEIGHT: false }),
        ...(unseenShare > 0 && { CHOSEN: chosenBelow(unseenShare), SALT: UNSEEN_SALT }),
      },
      params: { batch: k.batch, fields, capacity },
      grid: Math.ceil(k.batch * Math.ceil(fields / BLOCK) / 64),
    });
  },
};

/**
 * Cuts the step's batch out of resident columns: row b is data row order[step.first + b] for b < step.rows.
 *
 * @param fields number of fields F
 * @param capacity rows that the columns have room for
 * @param unseen what replaces a share of the occurrences; none are replaced when absent
 * @throws {TypeError} when a column has another shape
 */
export function cutBatch<D extends ResidentData>(
  data: D,
  fields: number,
  capacity: number,
  unseen?: UnseenSubstitutes,
): CutBatch<D> {
  const { ids, order, values, labels, weighted = false } = data;
  const inputs = [ids, order, values, labels, unseen?.rows].filter((tensor) => tensor !== undefined);
  const tasks = labels ? Number(labels.shape[0]) : 0;
  const attributes = { fields, capacity, values: !!values, tasks, weighted, unseenShare: unseen?.share ?? 0 };
  const cuts = [...applyAll(cutBatchOp, inputs, attributes)];
  return { ids: cuts[0], values: values && cuts[1], targets: labels && cuts[cuts.length - 1] };
}
