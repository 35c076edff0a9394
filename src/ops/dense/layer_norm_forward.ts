/**
 * Normalizations of rows.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/layer_norm_forward.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import { sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { costOn, gpuVariant, type Kernel } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import type { LayerNormProblem } from "./layer_norm_gradients.ts";
import { sharedThreads, sharesSamples } from "./layer_norm_threads.ts";
import { columnsOf } from "./matmul_layout.ts";

/** Rows to normalize. */
export interface NormForward {
  readonly x: Tensor;
  readonly gamma: Tensor;
  /** Where rows are centered. */
  readonly beta?: Tensor;
  readonly y: Tensor;
  readonly moments: Tensor;
  readonly epsilon: number;
}

/**
 * Returns the kernel of a normalization. On GPUs several threads share a sample.
 *
 * @param isCentered whether the rows' means are taken off, as layer normalization does
 * @param emitRows appends the normalization by a thread for each row
 */
export function normKernel(
  name: string,
  isCentered: boolean,
  emitRows: (k: Emitter, task: NormForward) => void,
): Kernel<NormForward, LayerNormProblem> {
  const size = ({ rows, width }: LayerNormProblem): number => rows * width;
  return {
    name,
    problem: ({ batch }, { x, gamma }) => {
      const width = columnsOf(name, x);
      return { rows: sizeOf(x.shape, batch) / width, width, sets: widthOf(gamma.shape) / width };
    },
    variants: [
      {
        name: "rows",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, size(problem), { gpu: 2, software: 1 }),
        emit: emitRows,
      },
      {
        ...gpuVariant<NormForward, LayerNormProblem>("shared", size, (k, task, problem) => {
          emitShared(k, task, problem, isCentered);
        }),
        fits: (_, { width }) => sharesSamples(lanesOf(width).count),
      },
    ],
  };
}

function emitShared(
  k: Emitter,
  { x, gamma, beta, y, moments, epsilon }: NormForward,
  { rows: samples, width: numbers, sets }: LayerNormProblem,
  isCentered: boolean,
): void {
  const { part: lane, count: width } = lanesOf(numbers);
  const { part, constants, groups } = sharedThreads(samples, width);
  k.run({
    shader: shader("layer_norm", { grid, ...lane, ...part, layer_norm_forward: source }),
    entry: "forward",
    bind: { x, gamma, beta: beta ?? gamma, y, moments },
    constants: { CENTERED: isCentered, ...constants },
    params: { samples, sets, width, share: 1 / numbers, epsilon },
    grid: groups,
  });
}
