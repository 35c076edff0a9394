/**
 * What follows the product of a dense layer, element by element, where the kernel of the product does not do it.
 *
 * @module
 */
import source from "../../../shaders/dense/dense.wgsl" with { type: "text" };
import epilogueGradient from "../../../shaders/dense/epilogue_gradient.wgsl" with { type: "text" };
import type { Emitter } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import type { ProductEpilogue } from "./matmul_epilogue.ts";
import { epilogueConstants, epilogueShaders } from "./pointwise.ts";

const kernels = epilogueShaders("dense", source, { epilogue_gradient: epilogueGradient });

/**
 * Appends an elementwise kernel: `finish` applies the epilogue to z in place, `gradient` takes dy through it to dz, and
 * `outer` does so for dy[b, n] = u[b] v[n].
 *
 * @param columns width of the rows, for `outer`
 */
export function emitEpilogue(
  k: Emitter,
  entry: "finish" | "gradient" | "outer",
  bind: Record<string, Tensor>,
  { activation, dropout }: ProductEpilogue,
  columns = 0,
): void {
  const elements = sizeOf((bind.z ?? bind.dz).shape, k.batch);
  const width = elements % 4 === 0 && columns % 4 === 0 ? 4 : 1;
  k.run({
    shader: width === 4 ? kernels.four : kernels.one,
    entry,
    bind,
    constants: epilogueConstants({ activation, dropout }),
    params: { size: elements / width, columns: columns / width },
    grid: Math.ceil(elements / width / 256),
  });
}
