/**
 * Gradients of normalizations of rows.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/layer_norm_gradients.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import { sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { emitMergedPair, splitRowsOf } from "./column_sums.ts";
import { sharedThreads, sharesSamples } from "./layer_norm_threads.ts";
import { columnsOf } from "./matmul_layout.ts";

/** Gradients by the parameters, from the moments that the forward pass saved. */
export interface LayerNormColumns {
  readonly x: Tensor;
  readonly saved: Tensor;
  readonly dy: Tensor;
  readonly dGamma: Tensor;
  readonly dBeta: Tensor;
}

/** Gradients by the input and by the parameters. */
export interface NormGradients extends LayerNormColumns {
  readonly gamma: Tensor;
  /** What else the gradient by the input is made of. */
  readonly rest?: Tensor;
  readonly dx: Tensor;
}

/** Sizes that the choice of a kernel depends on. */
export interface LayerNormProblem extends Problem {
  readonly rows: number;
  readonly width: number;
  /** Sets of parameters, one for each field. */
  readonly sets: number;
}

function problemOf({ batch }: Emitter, { x, dGamma }: LayerNormColumns): LayerNormProblem {
  const width = columnsOf("layer_norm", x);
  return { rows: sizeOf(x.shape, batch) / width, width, sets: widthOf(dGamma.shape) / width };
}

/** Returns the operations of the gradients by the parameters. */
export function layerNormFlops({ rows, width }: LayerNormProblem): number {
  return 5 * rows * width;
}

/** The gradients by the parameters; on GPUs by splits of the rows. */
export const layerNormColumnsKernel: Kernel<LayerNormColumns, LayerNormProblem> = {
  name: "layer_norm_columns",
  problem: problemOf,
  variants: [gpuVariant("gpu", layerNormFlops, emitSplits)],
};

/**
 * Returns the kernel of all gradients of a normalization. GPUs find those by the input and the sums of splits at once.
 *
 * @param isCentered whether the rows' means are taken off, as layer normalization does
 * @param emitRows appends the gradient by the input alone
 */
export function normGradientsKernel(
  name: string,
  isCentered: boolean,
  emitRows: (k: Emitter, task: NormGradients) => void,
): Kernel<NormGradients, LayerNormProblem> {
  const size = ({ rows, width }: LayerNormProblem): number => rows * width;
  return {
    name,
    problem: problemOf,
    variants: [
      {
        name: "apart",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, size(problem), { gpu: 2, software: 1 }),
        emit: (k, task) => {
          emitRows(k, task);
          emitKernel(k, layerNormColumnsKernel, task);
        },
      },
      {
        ...gpuVariant<NormGradients, LayerNormProblem>("together", size, (k, task, problem) => {
          const { gamma, rest, dy, dx } = task;
          const constants = { CENTERED: isCentered, ADDS: rest !== undefined };
          emitSplits(k, task, problem, { bind: { gamma, rest: rest ?? dy, dx }, constants });
        }),
        fits: (_, { width }) => sharesSamples(lanesOf(width).count),
      },
    ],
  };
}

/** What the kernel needs that finds the gradient by the input, too. */
interface Input {
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly constants: Readonly<Record<string, boolean>>;
}

function emitSplits(
  k: Emitter,
  { x, saved, dy, dGamma, dBeta }: LayerNormColumns,
  { rows: samples, width: numbers, sets }: LayerNormProblem,
  input?: Input,
): void {
  const { part, count: width } = lanesOf(numbers);
  const shared = sharedThreads(samples, width);
  const [rows, lanes, columns] = [samples / sets, sets * width, sets * numbers];
  const { splits, splitRows } = splitRowsOf(rows, lanes);
  const parts = k.scratch([splits, 2, columns]);
  const tiles = Math.ceil(lanes / 16) * splits;
  k.run({
    shader: shader("layer_norm", { grid, ...part, ...shared.part, layer_norm_gradients: source }),
    entry: input ? "gradients" : "slopes",
    bind: { x, dy, saved, parts, ...input?.bind },
    constants: { ...shared.constants, ...input?.constants },
    params: { rows, sets, width, split_rows: splitRows, tiles, share: 1 / numbers },
    grid: tiles + (input ? shared.groups : 0),
  });
  emitMergedPair(k, parts, { splits, columns, first: dGamma, second: dBeta });
}
