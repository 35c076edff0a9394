/**
 * Buffers: creation with a check against the device's limits, upload and download.
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { GpuError } from "./error.ts";

/** Typed arrays that are moved to and from the device. */
export type Numbers = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/**
 * Creates a storage buffer, zero filled.
 *
 * @param bytes length in bytes; rounded up to a multiple of 16
 * @throws {GpuError} when the length is past the device's limit
 */
export function createBuffer(gpu: Gpu, label: string, bytes: number): GPUBuffer {
  const size = Math.max(16, Math.ceil(bytes / 16) * 16);
  const limit = gpu.device.limits.maxBufferSize;
  if (size > limit) {
    throw new GpuError(`Cannot create buffer "${label}": the device allows ${limit} bytes, received ${size}`);
  }
  return gpu.device.createBuffer({
    label,
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
}

/** Creates a storage buffer that holds `data`. */
export function upload(gpu: Gpu, label: string, data: Numbers): GPUBuffer {
  const buffer = createBuffer(gpu, label, data.byteLength);
  writeBuffer(gpu, buffer, data);
  return buffer;
}

/** Bytes handed to one write; larger arrays go in pieces so that staging stays small. */
const WRITE_BYTES = 1 << 26;

/** Copies `data` into `buffer` from byte `offset` on. */
export function writeBuffer(gpu: Gpu, buffer: GPUBuffer, data: Numbers, offset = 0): void {
  for (let at = 0; at < data.byteLength; at += WRITE_BYTES) {
    const length = Math.min(WRITE_BYTES, data.byteLength - at);
    gpu.device.queue.writeBuffer(buffer, offset + at, data.buffer, data.byteOffset + at, length);
  }
}

/**
 * Reads `bytes` bytes of a buffer from `offset` on; costs one wait for the queue.
 *
 * @throws {GpuError} when the device has failed
 */
export async function download(gpu: Gpu, buffer: GPUBuffer, bytes = buffer.size, offset = 0): Promise<ArrayBuffer> {
  gpu.check();
  if (bytes === 0) return new ArrayBuffer(0);
  const staging = gpu.device.createBuffer({
    label: `${buffer.label}.staging`,
    size: Math.ceil(bytes / 4) * 4,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = gpu.device.createCommandEncoder({ label: "download" });
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, staging.size);
  gpu.device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(GPUMapMode.READ);
    const copy = staging.getMappedRange().slice(0, bytes);
    staging.unmap();
    return copy;
  } catch (cause) {
    gpu.check();
    throw new GpuError(`Cannot read buffer "${buffer.label}": ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  } finally {
    staging.destroy();
    gpu.check();
  }
}
