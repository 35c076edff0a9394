/**
 * Kinds of kernels that compute a matrix product, and the time that they take.
 *
 * @module
 */
import type { DeviceProfile } from "../../gpu/profile.ts";
import { isOldLlvmpipe, isWorthImages, prefersImages, sharedSizeOf, subgroupSizeOf } from "../drivers.ts";
import { IMAGE_LANES } from "./images_source.ts";
import { BLOCK_LANES } from "./source.ts";
import type { Block } from "./text.ts";
import type { SharedVariant } from "../shared_text.ts";

/**
 * Kernels of a product: register blocks of 8 or 16 rows and columns, with factors in buffers or in images.
 */
export type ProductVariant = BlockVariant | ImageVariant;

/** Register blocks with factors in buffers. */
export type BlockVariant = "blocks8" | "blocks16";

/** Register blocks with factors in images, of invocations by themselves or of subgroups of 4, 8 or 16. */
export type ImageVariant = "images8" | "images16" | SharedVariant;

const BLOCKS: Readonly<Record<ProductVariant, Block>> = {
  blocks8: { rows: 8, columns: 8, shared: 1 },
  blocks16: { rows: 16, columns: 16, shared: 1 },
  images8: { rows: 8, columns: 8, shared: 1 },
  images16: { rows: 16, columns: 16, shared: 1 },
  shared4: { rows: 8, columns: 32, shared: 4 },
  shared8: { rows: 8, columns: 32, shared: 8 },
  shared16: { rows: 8, columns: 32, shared: 16 },
};

/** Names of all variants. */
export const PRODUCT_VARIANTS = Object.keys(BLOCKS) as readonly ProductVariant[];

/** Returns whether a device can run a variant. */
export function fitsDevice(profile: DeviceProfile, variant: ProductVariant): boolean {
  const { shared } = BLOCKS[variant];
  if (shared > 1 && sharedSizeOf(profile) !== shared) return false;
  return !inImages(variant) || profile.storageTextures;
}

/**
 * Returns the time of an operation, in a unit that differs between devices, for a product of `flops` operations.
 *
 * Images pay for large products of drivers that fetch a texel at once, most of all where subgroups share what is fetched.
 * Mesa's driver up to Mesa 22 is fastest with blocks of 16 and the others with blocks of 8.
 */
export function timeOf(profile: DeviceProfile, variant: ProductVariant, flops: number): number {
  const suited = isOldLlvmpipe(profile) ? 16 : 8;
  const { rows, shared } = BLOCKS[variant];
  const isWorth = isWorthImages(profile, flops);
  if (shared > 1) return isWorth && subgroupSizeOf(profile) === shared ? 1 : 8;
  if (inImages(variant)) return (isWorth ? 2 : 6) + Number(rows !== suited);
  return 4 + Number(rows !== suited);
}

/** Returns the kernels in images that suit a device, for products of any size. */
export function imageVariantFor(profile: DeviceProfile): ImageVariant {
  const size = subgroupSizeOf(profile);
  if (size !== 1) return `shared${size}`;
  return prefersImages(profile) && isOldLlvmpipe(profile) ? "images16" : "images8";
}

/** Returns whether a variant takes its factors from images. */
export function inImages(variant: ProductVariant): variant is ImageVariant {
  return /^(images|shared)/.test(variant);
}

/** Returns what an invocation computes. */
export function blockOf(variant: ProductVariant): Block {
  return BLOCKS[variant];
}

/** Returns how many blocks of invocations cover [M, N]. */
export function blocksOf({ rows, columns, shared }: Block, m: number, n: number): number {
  return Math.ceil(m / (rows * shared)) * shared * Math.ceil(n / columns);
}

/** Returns how many workgroups compute the blocks of [M, N] times `slices`. */
export function groupsOf(variant: ProductVariant, m: number, n: number, slices = 1): number {
  const lanes = inImages(variant) ? IMAGE_LANES : BLOCK_LANES;
  return Math.ceil(slices * blocksOf(BLOCKS[variant], m, n) / lanes);
}
