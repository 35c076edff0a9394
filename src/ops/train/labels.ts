/**
 * Labels row by row, as losses that are made of ops read them.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/train/labels.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";

const labelsOp: Op<{ readonly tasks: number; readonly real: boolean }> = {
  name: "labels",
  outputs: (_, { tasks }) => [["B", tasks]],
  emit: (k, { inputs: [targets], outputs: [y], attributes: { tasks, real } }) =>
    k.run({
      shader: shader("labels", { grid, labels: source }),
      entry: "turn",
      bind: { targets, y },
      constants: real ? { REAL: true } : {},
      params: { batch: k.batch, tasks },
      grid: Math.ceil(k.batch * tasks / 64),
    }),
  backward: () => [],
};

/**
 * Turns the labels of T tasks into rows; unknown ones, those below 0, become 0.
 *
 * @param targets `[T + 1, B]` or more rows
 * @param real whether labels are any numbers, all of them known
 * @returns `[B, T]`
 */
export function labelsByRow(targets: Tensor, tasks: number, real = false): Tensor {
  return apply(labelsOp, [targets], { tasks, real });
}
