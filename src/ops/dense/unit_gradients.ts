/**
 * Gradients of a dense layer of one unit, on GPUs.
 *
 * @module
 */
import activation from "../../../shaders/dense/activation.wgsl" with { type: "text" };
import epilogue4 from "../../../shaders/dense/epilogue4.wgsl" with { type: "text" };
import epilogueGradient from "../../../shaders/dense/epilogue_gradient.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import source from "../../../shaders/dense/unit_gradients.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitMergedSums, splitRowsOf } from "./column_sums.ts";
import type { ProductEpilogue } from "./matmul_epilogue.ts";
import { columnsOf, rowsOf } from "./matmul_layout.ts";
import { elementConstants } from "./matmul_tiles.ts";

const kernels = shader("unit_gradients", {
  ...{ grid, step, activation, random, epilogue4 },
  ...{ epilogue_gradient: epilogueGradient, unit_gradients: source },
});

/** A layer z = x v + bias of one unit, and where its gradients go. */
export interface UnitGradients {
  /** `[M, N]` with N a multiple of four. */
  readonly x: Tensor;
  /** v, `[N, 1]`. */
  readonly weight: Tensor;
  /** Gradient of z, `[M, 1]`. */
  readonly dz: Tensor;
  /** Gradient of x, or of what went into the epilogue whose output x is. */
  readonly dx: Tensor;
  readonly dWeight: Tensor;
  readonly dBias: Tensor;
}

/** Appends the gradients by x, through the epilogue whose output it is, by the weight and by the bias: two dispatches. */
export function emitUnitGradients(
  k: Emitter,
  { x, weight, dz, dx, dWeight, dBias }: UnitGradients,
  before: ProductEpilogue = {},
): void {
  const [rows, columns] = [rowsOf(x, k.batch), columnsOf("unit_gradients", x)];
  const fours = columns / 4;
  const { splits, splitRows } = splitRowsOf(rows, fours + 1);
  const parts = k.scratch([splits, columns + 4]);
  k.run({
    shader: kernels,
    entry: "gradients",
    bind: { x, u: dz, v: weight, dx, parts },
    constants: elementConstants(before),
    params: { rows, fours, split_rows: splitRows },
    grid: (Math.floor(fours / 16) + 1) * splits,
    flops: 3 * rows * columns,
  });
  emitMergedSums(k, parts, { splits, columns, y: dWeight, whole: dBias });
}
