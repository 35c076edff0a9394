/**
 * Kinds of kernels that compute a matrix product, and which of them suits a device.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { isWorthImages } from "../gpu/image.ts";
import { IMAGE_LANES } from "./matmul_images_source.ts";
import { BLOCK_LANES } from "./matmul_source.ts";

/**
 * Kernels of a product: tiles in workgroup memory, or register blocks of 8 or 16 rows and columns, with factors in
 * buffers or in images.
 */
export type Variant = "tiles" | BlockVariant | ImageVariant;

/** Register blocks with factors in buffers. */
export type BlockVariant = "blocks8" | "blocks16";

/** Register blocks with factors in images. */
export type ImageVariant = "images8" | "images16";

const EDGES: Readonly<Record<Variant, number>> = { tiles: 64, blocks8: 8, blocks16: 16, images8: 8, images16: 16 };

/**
 * Returns the kernels that suit a device, for a product of `flops` operations.
 *
 * Among the software drivers, llvmpipe up to Mesa 22 is fastest with blocks of 16 and the later ones, like SwiftShader,
 * with blocks of 8. The adapter does not tell its version, but Mesa has since raised the number of storage buffers.
 */
export function variantFor(gpu: Gpu, flops: number): Variant {
  const { adapter, device } = gpu;
  if (!adapter.software) return "tiles";
  const oldMesa = /llvmpipe/.test(adapter.description) && device.limits.maxStorageBuffersPerShaderStage <= 32;
  const takesImages = isWorthImages(gpu, flops);
  if (oldMesa) return takesImages ? "images16" : "blocks16";
  return takesImages ? "images8" : "blocks8";
}

/** Returns whether a variant takes its factors from images. */
export function inImages(variant: Variant): variant is ImageVariant {
  return variant === "images8" || variant === "images16";
}

/** Returns the rows and columns of a tile or block. */
export function edgeOf(variant: Variant): number {
  return EDGES[variant];
}

/** Returns how many workgroups compute the blocks of [M, N] times `slices`. */
export function groupsOf(variant: Variant, m: number, n: number, slices = 1): number {
  const edge = EDGES[variant];
  const lanes = variant === "tiles" ? 1 : inImages(variant) ? IMAGE_LANES : BLOCK_LANES;
  return Math.ceil(slices * Math.ceil(m / edge) * Math.ceil(n / edge) / lanes);
}
