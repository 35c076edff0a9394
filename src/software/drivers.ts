/**
 * What is known of the drivers that run shaders on the processor, by their names and versions.
 *
 * @module
 */
import type { DeviceProfile } from "../gpu/profile.ts";

/** Storage buffers that Mesa's driver offers to a kernel up to Mesa 22; later ones offer more. */
const OLD_MESA_BUFFERS = 32;

/** Operations from which on it is worth bringing a kernel's factors into images. */
const WORTH_FLOPS = 1 << 24;

/** Threads of a subgroup that a kernel is written for; 1 where it must not count on any. */
export type SubgroupSize = 1 | 4 | 8 | 16;

/** Returns whether the device runs on Mesa's driver for the processor. */
export function isLlvmpipe({ kind, description }: DeviceProfile): boolean {
  return kind === "software" && /llvmpipe/.test(description);
}

/**
 * Returns whether the driver is llvmpipe up to Mesa 22, which is fastest with register tiles of 16 rows and columns where
 * later ones, and SwiftShader, are with tiles of 8. The adapter does not tell its version.
 */
export function isOldLlvmpipe(profile: DeviceProfile): boolean {
  return isLlvmpipe(profile) && profile.offered.storageBuffers <= OLD_MESA_BUFFERS;
}

/** Returns whether kernels can read and write images, and gain by it: llvmpipe fetches the four numbers of a texel at once. */
export function prefersImages(profile: DeviceProfile): boolean {
  return isLlvmpipe(profile) && profile.storageTextures;
}

/** Returns whether the device prefers images for a kernel of `flops` operations. */
export function isWorthImages(profile: DeviceProfile, flops: number): boolean {
  return flops >= WORTH_FLOPS && prefersImages(profile);
}

/** Returns the size of subgroups that kernels can be written for, or 1: one size, in order, without a directive. */
export function sharedSizeOf({ subgroups: { least, most, ordered, plain } }: DeviceProfile): number {
  return plain && least === most && ordered === least ? least : 1;
}

/**
 * Returns the size of subgroups that kernels gain by, or 1.
 *
 * Drivers on the processor compute a subgroup as one vector. Mesa's hands a value on in an instruction; after Mesa 22 only
 * where the subgroup is one vector of AVX2.
 */
export function subgroupSizeOf(profile: DeviceProfile): SubgroupSize {
  if (!isLlvmpipe(profile)) return 1;
  const sizes: readonly SubgroupSize[] = isOldLlvmpipe(profile) ? [4, 8, 16] : [8];
  return sizes.find((size) => size === sharedSizeOf(profile)) ?? 1;
}
