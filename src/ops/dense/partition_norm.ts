/**
 * Normalization of columns by group of rows.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/partition_norm.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { columnsOf } from "./matmul_layout.ts";
import type { RowGroups } from "./row_groups.ts";
import type { StarPair } from "./star_parameters.ts";

const kernels = shader("partition_norm", { grid, step, partition_norm: source });

interface PartitionNormAttributes {
  readonly eps: number;
  readonly momentum: number;
  /** Whether statistics are the batch's; otherwise they are the running ones. */
  readonly training: boolean;
}

/** Inputs x, gain, bias, running mean, running variance, groups, order, offsets; outputs y and the statistics. */
const partitionNormOp: Op<PartitionNormAttributes> = {
  name: "partition_norm",
  outputs: ([x, ...tensors]) => {
    const n = columnsOf("partition_norm", x);
    const count = Number(tensors[6].shape[0]) - 1;
    const other = tensors.slice(0, 4).find(({ shape }) => shape.join() !== [count, n].join());
    if (other || x.shape.length !== 2) {
      throw new TypeError(
        `Cannot build partition_norm: x must have shape [B, N] and parameters [${count}, ${n}], received ${
          formatShape(x.shape)
        } and ${formatShape((other ?? tensors[0]).shape)}`,
      );
    }
    return [x.shape, [3, count, n]];
  },
  emit: (k, { inputs, outputs: [y, statistics], attributes }) => {
    const [x, gain, bias, mean, variance, groups, order, offsets] = inputs;
    const [, count, n] = statistics.shape.map(Number);
    const running = { running_mean: mean, running_variance: variance };
    if (attributes.training) {
      const grid = [Math.ceil(n / 16), count, 1] as const;
      run(k, "moments", { x, order, offsets, ...running, statistics }, statistics, attributes, grid);
    } else {
      run(k, "running", { ...running, statistics }, statistics, attributes, Math.ceil(count * n / 64));
    }
    const grid = Math.ceil(k.batch * n / 64);
    run(k, "apply", { x, groups, gain, bias, known: statistics, y }, statistics, attributes, grid);
  },
  backward: ({ inputs, outputs: [, statistics], attributes }, [dy]) => {
    const [x, gain, , , , ...groups] = inputs;
    return dy ? applyAll(partitionNormBackwardOp, [x, gain, statistics, dy, ...groups], attributes) : [];
  },
};

const partitionNormBackwardOp: Op<PartitionNormAttributes> = {
  name: "partition_norm_backward",
  outputs: ([x, gain]) => [x.shape, gain.shape, gain.shape],
  emit: (k, { inputs, outputs: [dx, dgain, dbias], attributes }) => {
    const [x, gain, known, dy, groups, order, offsets] = inputs;
    const [, count, n] = known.shape.map(Number);
    const [sums, grid] = [{ gain_sums: dgain, bias_sums: dbias }, [Math.ceil(n / 16), count, 1] as const];
    run(k, "sums", { x, dy, order, offsets, known, ...sums }, known, attributes, grid);
    if (!k.needed(dx)) return;
    const bind = { x, dy, groups, gain, known, dgain, dbias, y: dx };
    run(k, "gradient", bind, known, attributes, Math.ceil(k.batch * n / 64));
  },
};

function run(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  statistics: Tensor,
  { eps: epsilon, momentum }: PartitionNormAttributes,
  grid: number | readonly [number, number, number],
): void {
  const [, count, columns] = statistics.shape.map(Number);
  k.run({ shader: kernels, entry, bind, params: { batch: k.batch, columns, count, epsilon, momentum }, grid });
}

/**
 * Normalizes each column among the rows of a group: y[b] = gain_g (x[b] - mean_g) / sqrt(variance_g + eps) + bias_g.
 *
 * A training trace takes mean and (biased) variance of the group's rows in the batch, and moves the running statistics as
 * {@linkcode batchNorm} does; a group without rows keeps its own. Rows of group 0 are normalized by running statistics in
 * training too: those of all valid rows of the batches. A predicting trace takes the running statistics.
 *
 * @param x `[B, N]`
 * @param parameters gains and biases `[G, N]`
 * @param running means and variances, statistics `[G, N]`, in a buffer that the parameters are not in
 * @param groups groups of the rows; padding rows are of group 0
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 */
export function partitionNorm(
  x: Tensor,
  { weight, bias }: StarPair,
  running: { readonly mean: Tensor; readonly variance: Tensor },
  { of, order, offsets }: RowGroups,
  { eps = 1e-5, momentum = 0.1 }: { readonly eps?: number; readonly momentum?: number } = {},
): Tensor {
  const training = x.graph.mode === "train";
  const inputs = [x, weight, bias, running.mean, running.variance, of, order, offsets];
  return apply(partitionNormOp, inputs, { eps, momentum, training });
}
