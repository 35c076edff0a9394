/**
 * Kinds of kernels that compute a matrix product, and which of them suits a device.
 *
 * @module
 */
import type { Gpu } from "../../gpu/device.ts";
import { isOldLlvmpipe, isWorthImages } from "../drivers.ts";
import { IMAGE_LANES } from "./images_source.ts";
import { BLOCK_LANES } from "./source.ts";
import type { Block } from "./text.ts";
import { type SharedVariant, sharedVariantFor } from "../shared_text.ts";

/**
 * Kernels of a product: tiles in workgroup memory, or register blocks of 8 or 16 rows and columns, with factors in
 * buffers or in images.
 */
export type Variant = "tiles" | BlockVariant | ImageVariant;

/** Register blocks with factors in buffers. */
export type BlockVariant = "blocks8" | "blocks16";

/** Register blocks with factors in images, of invocations by themselves or of subgroups of 4, 8 or 16. */
export type ImageVariant = "images8" | "images16" | SharedVariant;

const BLOCKS: Readonly<Record<Exclude<Variant, "tiles">, Block>> = {
  blocks8: { rows: 8, columns: 8, shared: 1 },
  blocks16: { rows: 16, columns: 16, shared: 1 },
  images8: { rows: 8, columns: 8, shared: 1 },
  images16: { rows: 16, columns: 16, shared: 1 },
  shared4: { rows: 8, columns: 32, shared: 4 },
  shared8: { rows: 8, columns: 32, shared: 8 },
  shared16: { rows: 8, columns: 32, shared: 16 },
};

/** Returns the kernels that suit a device, for a product of `flops` operations. */
export function variantFor(gpu: Gpu, flops: number): Variant {
  if (gpu.profile.kind === "gpu") return "tiles";
  const oldMesa = isOldLlvmpipe(gpu.profile);
  if (!isWorthImages(gpu.profile, flops)) return oldMesa ? "blocks16" : "blocks8";
  return sharedVariantFor(gpu) ?? (oldMesa ? "images16" : "images8");
}

/** Returns whether a variant takes its factors from images. */
export function inImages(variant: Variant): variant is ImageVariant {
  return /^(images|shared)/.test(variant);
}

/** Returns what an invocation computes. */
export function blockOf(variant: Exclude<Variant, "tiles">): Block {
  return BLOCKS[variant];
}

/** Returns how many blocks of invocations cover [M, N]. */
export function blocksOf({ rows, columns, shared }: Block, m: number, n: number): number {
  return Math.ceil(m / (rows * shared)) * shared * Math.ceil(n / columns);
}

/** Returns how many workgroups compute the blocks of [M, N] times `slices`. */
export function groupsOf(variant: Exclude<Variant, "tiles">, m: number, n: number, slices = 1): number {
  const lanes = inImages(variant) ? IMAGE_LANES : BLOCK_LANES;
  return Math.ceil(slices * blocksOf(BLOCKS[variant], m, n) / lanes);
}
