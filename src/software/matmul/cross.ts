/**
 * Matrix cross layers as one kernel, by register blocks.
 *
 * @module
 */
import type { Emitter } from "../../graph/node.ts";
import { widthOf } from "../../graph/tensor.ts";
import type { CrossProduct } from "../../ops/dense/matmul_kernels.ts";
import { rowsLayout } from "../image_pack.ts";
import { blockShader } from "./blocks.ts";
import { emitImageRows, imageShader } from "./images.ts";
import { crossImageSource } from "./images_source.ts";
import { crossSource } from "./source.ts";
import { groupsOf, inImages, type ProductVariant } from "./variant.ts";

/** Appends y = x0 (x W + b) + x as one kernel. */
export function emitCross(
  k: Emitter,
  { x0, x, w, bias, y, product }: CrossProduct,
  variant: ProductVariant,
): void {
  const n = widthOf(w.shape.slice(1));
  const constants = { KEEPS_PRODUCT: k.needed(product) };
  const bind = { bias, x0, y, product_out: product };
  if (inImages(variant)) {
    const shader = imageShader(variant, crossImageSource);
    const epilogue = { shader, entry: "product_cross", bind: { ...bind, x }, constants, hasBias: true };
    return emitImageRows(k, x, w, rowsLayout(n, n), variant, epilogue);
  }
  k.run({
    shader: blockShader(variant, crossSource),
    entry: "product_cross",
    bind: { ...bind, x, a: x, b: w },
    constants,
    params: { m: k.batch, k: n, n, quads: n / 4, a_quads: 0, slice_rows: 0, has_bias: 1, has_relu: 0 },
    grid: groupsOf(variant, k.batch, n),
    flops: 2 * k.batch * n * n,
  });
}
