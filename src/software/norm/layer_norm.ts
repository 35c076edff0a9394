/**
 * Gradients by the parameters of layer normalization for drivers on the processor: sums over slices of the rows.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/layer_norm_slices.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { KernelSet } from "../../kernels/set.ts";
import {
  type LayerNormColumns,
  layerNormColumnsKernel,
  layerNormFlops,
  type LayerNormProblem,
} from "../../ops/dense/layer_norm_gradients.ts";
import { lanesOf } from "../../ops/shape/lane.ts";
import { bufferVariant } from "../variants.ts";

/** Slices of the rows of a set at most, and rows of a slice at least. */
const MAX_SLICES = 256;
const MIN_SLICE_ROWS = 16;

/** Registers the variant. */
export function registerLayerNorm(kernels: KernelSet): void {
  kernels.register(layerNormColumnsKernel, [bufferVariant("buffers", layerNormFlops, emit)]);
}

function emit(
  k: Emitter,
  { x, saved, dy, dGamma, dBeta }: LayerNormColumns,
  { rows: all, width: numbers, sets }: LayerNormProblem,
): void {
  const { part, count: width } = lanesOf(numbers);
  const rows = all / sets;
  const sliceRows = Math.max(MIN_SLICE_ROWS, Math.ceil(rows / MAX_SLICES));
  const slices = Math.ceil(rows / sliceRows);
  const call = {
    shader: shader("layer_norm_slices", { grid, ...part, layer_norm_slices: source }),
    params: { rows, slice_rows: sliceRows, slices, sets, width },
  };
  const parts = k.scratch([slices, 2, sets * numbers]);
  k.run({
    ...call,
    entry: "slices",
    bind: { x, saved, dy, parts },
    grid: Math.ceil(slices * sets * Math.ceil(width / 4) / 64),
  });
  k.run({
    ...call,
    entry: "fold",
    bind: { parts, d_gamma: dGamma, d_beta: dBeta },
    grid: Math.ceil(sets * width / 64),
  });
}
