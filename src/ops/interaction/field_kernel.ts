/**
 * Launches of kernels over embeddings `[B, F, D]` whose invocations take some lanes of D.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf, spanOf } from "../shape/lane.ts";
import type { FieldSizes } from "./pairs.ts";

/** A family of kernels and its shader file, which has the constants LANES and SPAN. */
export interface FieldKernels {
  readonly name: string;
  readonly source: string;
}

/** Returns how many invocations share the lanes of D. */
export function spansOf({ gpu }: Emitter, dim: number): number {
  const lanes = lanesOf(dim).count;
  return Math.ceil(lanes / spanOf(gpu.profile, lanes));
}

/** Appends a kernel of a family. */
export function emitFieldKernel(
  k: Emitter,
  { name, source }: FieldKernels,
  { fields, dim }: FieldSizes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  invocations: number,
  constants: Constants = {},
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader(name, { grid, ...lanes.part, [name]: source }),
    entry,
    bind,
    constants: { LANES: lanes.count, SPAN: spanOf(k.gpu.profile, lanes.count), ...constants },
    params: { batch: k.batch, fields },
    grid: Math.ceil(invocations / 64),
  });
}
