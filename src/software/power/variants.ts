/**
 * Products of powers of fields for drivers on the processor: tiles that fill its cache, unrolled.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../../gpu/shader.ts";
import type { KernelSet } from "../../kernels/set.ts";
import type { Variant } from "../../kernels/variant.ts";
import {
  emitPowers,
  powerFlops,
  powerFormKernel,
  powerMomentsKernel,
  type PowerProblem,
  type PowerSizes,
  type PowerTask,
  type PowerTile,
} from "../../ops/interaction/power_kernels.ts";
import { bufferVariant } from "../variants.ts";
import { powerSource } from "./source.ts";

/** Numbers, in fours, that a thread keeps, and numbers d of them at most. */
const TILE = { numbers: 64, most: 16 };

/** Registers the variants. */
export function registerPowers(kernels: KernelSet): void {
  kernels.register(powerMomentsKernel, [variant("moments")]);
  kernels.register(powerFormKernel, [variant("form")]);
}

function variant(entry: "moments" | "form"): Variant<PowerTask, PowerProblem> {
  return bufferVariant("buffers", powerFlops, (k, task) => {
    const tile = powerTile(TILE, task.sizes);
    emitPowers(k, task, entry, { shader: shaderOf(tile), tile });
  });
}

/** Returns the tile of a thread that keeps so many fours of numbers, `most` numbers d of them at most. */
function powerTile(
  { numbers, most }: { readonly numbers: number; readonly most: number },
  { dim, window }: PowerSizes,
): PowerTile {
  const dims = Math.ceil(dim / Math.ceil(dim / most));
  const quads = Math.max(1, Math.min(5, Math.floor(numbers / dims), window / 4));
  const wholes = Array.from({ length: quads }, (_, i) => quads - i).filter((q) => (window / 4) % q === 0);
  return { dims, quads: 2 * wholes[0] > quads ? wholes[0] : quads };
}

function shaderOf(tile: PowerTile): Shader {
  return generatedShader("power", { grid, step }, "power/source", [tile.dims, tile.quads], () => powerSource(tile));
}
