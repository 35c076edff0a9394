/**
 * Images: what a kernel reads from a texture instead of a buffer.
 *
 * Drivers that run on the processor load from a buffer number by number, with a branch for each, but fetch the four
 * numbers of a texel at once; there a product reads its factors from images several times as fast.
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { GpuError } from "./error.ts";
import type { BufferRange } from "./kernel.ts";
import { allocate } from "./memory.ts";

/** Texels, of four numbers each, in a row of every image; texel i is at (i mod 4096, i / 4096). */
export const IMAGE_WIDTH = 4096;

/** Bytes of a texel. */
export const TEXEL_BYTES = 16;

/** An image as kernels bind it. */
export interface ImageRange {
  /** What is bound. */
  readonly view: GPUTextureView;
  /** What it is a view of. */
  readonly texture: GPUTexture;
  /** Bytes that the kernel uses. */
  readonly bytes: number;
}

/** A copy of the first `texels` fours of a range into an image. */
export interface ImageCopy {
  /** Where the numbers are. */
  readonly from: BufferRange;
  /** Where they go. */
  readonly to: GPUTexture;
  /** Fours. */
  readonly texels: number;
}

/**
 * Creates an image of `texels` fours of numbers.
 *
 * @throws {GpuError} when the device's textures have not that many rows
 */
export function createImage(gpu: Gpu, label: string, texels: number): GPUTexture {
  const rows = Math.max(1, Math.ceil(texels / IMAGE_WIDTH));
  const limit = gpu.device.limits.maxTextureDimension2D;
  if (rows > limit || IMAGE_WIDTH > limit) {
    throw new GpuError(
      `Cannot create image "${label}": the device allows ${limit} rows of ${IMAGE_WIDTH} texels, received ${rows}`,
    );
  }
  return allocate(gpu, `image "${label}"`, TEXEL_BYTES * IMAGE_WIDTH * rows, (device) =>
    device.createTexture({
      label,
      size: [IMAGE_WIDTH, rows],
      format: "rgba32float",
      usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
    }));
}

/** Encodes a copy; `texels` need not fill whole rows. */
export function encodeCopy(encoder: GPUCommandEncoder, { from: { buffer, offset = 0 }, to, texels }: ImageCopy): void {
  const bytesPerRow = IMAGE_WIDTH * TEXEL_BYTES;
  const rows = Math.floor(texels / IMAGE_WIDTH);
  const rest = texels % IMAGE_WIDTH;
  if (rows > 0) encoder.copyBufferToTexture({ buffer, offset, bytesPerRow }, { texture: to }, [IMAGE_WIDTH, rows]);
  if (rest > 0) {
    const source = { buffer, offset: offset + rows * bytesPerRow };
    encoder.copyBufferToTexture(source, { texture: to, origin: [0, rows] }, [rest, 1]);
  }
}
