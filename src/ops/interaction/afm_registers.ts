/**
 * Attention over pairs of fields whose rows are in registers, for GPUs.
 *
 * @module
 */
import source from "../../../shaders/interaction/afm_registers.wgsl" with { type: "text" };
import backwardSource from "../../../shaders/interaction/afm_registers_backward.wgsl" with { type: "text" };
import rows from "../../../shaders/interaction/field_rows.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import type { AfmSizes } from "./afm_kernels.ts";

/** Returns whether a thread can hold rows, and a workgroup share the hidden units. */
export function fitsRegisters({ dim, hidden }: AfmSizes): boolean {
  return lanesOf(dim).count <= 4 && hidden <= 64;
}

/** Appends a kernel of the shader files; `constants` are what they are built with besides the sizes. */
export function emitAfmRegisters(
  k: Emitter,
  { fields, dim, hidden }: AfmSizes,
  constants: Constants,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  groups: number,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("afm", {
      grid,
      step,
      random,
      ...lanes.part,
      field_rows: rows,
      afm_registers: source,
      afm_registers_backward: backwardSource,
      pair_order: order,
    }),
    entry,
    bind,
    constants: { LANES: lanes.count, HIDDEN: hidden, ...constants },
    params: { batch: k.batch, fields },
    grid: groups,
  });
}
