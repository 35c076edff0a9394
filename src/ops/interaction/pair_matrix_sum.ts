/**
 * Sums over pairs of fields joined by matrices, on GPUs in tiles.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/pair_matrix_tiles.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import type { FieldSizes } from "./pairs.ts";

/** Samples of a tile, and fours of numbers of a row at most. */
const TILE = { samples: 128, lanes: 4 };

/** The sum over all pairs, or its gradient by the fields, and what it reads and writes. */
export interface MatrixSum {
  readonly sizes: FieldSizes;
  readonly bind: Readonly<Record<string, Tensor>>;
}

interface MatrixSumProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
}

function sumKernel(
  name: string,
  emitPairs: (k: Emitter, task: MatrixSum) => void,
  emitTiles: (k: Emitter, task: MatrixSum) => void,
): Kernel<MatrixSum, MatrixSumProblem> {
  const flops = ({ batch, fields, dim }: MatrixSumProblem): number => batch * fields * fields * dim * dim;
  return {
    name,
    problem: ({ batch }, { sizes: { fields, dim } }) => ({ batch, fields, dim }),
    variants: [
      {
        name: "pairs",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, flops(problem), { gpu: 2, software: 1 }),
        emit: emitPairs,
      },
      {
        ...gpuVariant<MatrixSum, MatrixSumProblem>("tiles", flops, emitTiles),
        fits: (_, { dim }) => dim % 4 === 0 && dim <= 4 * TILE.lanes,
      },
    ],
  };
}

/** Returns the kernel of the sum y from e and weight, by `emitPairs` or in tiles. */
export function matrixSumKernel(
  emitPairs: (k: Emitter, task: MatrixSum) => void,
): Kernel<MatrixSum, MatrixSumProblem> {
  return sumKernel("pair_matrix_sum", emitPairs, (k, { sizes, bind: { e, weight, y } }) => {
    const others = sizes.fields - 1;
    const part = k.scratch([others, "B"]);
    run(k, "forward", sizes, { e, weight, part }, others * Math.ceil(k.batch / TILE.samples));
    run(k, "sums", sizes, { parts: part, y }, Math.ceil(k.batch / 64));
  });
}

/** Returns the kernel of the gradient de from e, weight and g, by `emitPairs` or in tiles. */
export function matrixSumBackwardKernel(
  emitPairs: (k: Emitter, task: MatrixSum) => void,
): Kernel<MatrixSum, MatrixSumProblem> {
  return sumKernel("pair_matrix_sum_backward", emitPairs, (k, { sizes, bind: { e, weight, g, de } }) => {
    run(k, "backward", sizes, { e, weight, g, de }, sizes.fields * Math.ceil(k.batch / TILE.samples));
  });
}

function run(
  k: Emitter,
  entry: "forward" | "sums" | "backward",
  { fields, dim }: FieldSizes,
  bind: Readonly<Record<string, Tensor>>,
  groups: number,
): void {
  const { count } = lanesOf(dim);
  k.run({
    shader: shader("pair_matrix_tiles", { grid, pair_matrix_tiles: source, pair_order: order }),
    entry,
    bind,
    constants: { LANES: count, THREADS: 64 * count },
    params: { batch: k.batch, fields },
    grid: groups,
  });
}
