/**
 * What a device can do, read once: plain data, so that every choice that depends on it can be tested without a device.
 *
 * @module
 */
import { NO_SUBGROUPS, type SubgroupProfile } from "./subgroup.ts";

/** Limits that kernels choose by. */
export interface DeviceLimits {
  /** Storage buffers that one kernel binds. */
  readonly storageBuffers: number;
  /** Bytes of a buffer that one binding covers. */
  readonly bindingBytes: number;
  /** Bytes of a buffer. */
  readonly bufferBytes: number;
  /** Bytes of workgroup memory. */
  readonly workgroupBytes: number;
  /** Threads of a workgroup. */
  readonly workgroupThreads: number;
}

/** A size of matrices that a subgroup multiplies in one instruction. */
export interface MatrixShape {
  /** Rows of the product. */
  readonly m: number;
  /** Columns of the product. */
  readonly n: number;
  /** Terms of each sum. */
  readonly k: number;
  /** Type of the factors. */
  readonly factors: "f16" | "f32";
  /** Type of the sums. */
  readonly sums: "f16" | "f32";
}

/** How work is cut for a device: GPUs hide latency behind many short threads, processors run few long ones. */
export interface WorkSizes {
  /**
   * Lanes of a row that a thread takes at most. On a GPU adjacent threads load adjacent lanes together; a processor pays
   * for the address of each load.
   */
  readonly lanesPerThread: number;
  /** Threads that share a row at most: those that run in step on most GPUs, but a processor pays for each barrier. */
  readonly threadsPerRow: number;
  /**
   * Bytes of a window of products that a layer has in memory at once, where that is more than its least window. GPUs are
   * fast with few large products; a processor has the least in its cache.
   */
  readonly windowBytes: number;
}

/** What a device can do. */
export interface DeviceProfile {
  /** Whether kernels run on a GPU, or on the processor through a software driver. */
  readonly kind: "gpu" | "software";
  /** Vendor as the driver names it. */
  readonly vendor: string;
  /** Adapter in the driver's words, for example `NVIDIA H200`. */
  readonly description: string;
  /** Limits of the device. */
  readonly limits: DeviceLimits;
  /** Limits of the adapter; those of the device where the adapter is not known. */
  readonly offered: DeviceLimits;
  /** How work is cut for the device. */
  readonly work: WorkSizes;
  /** Subgroups of the device. */
  readonly subgroups: SubgroupProfile;
  /** Whether kernels may compute with 16-bit floats. */
  readonly f16: boolean;
  /** Whether kernels may read storage textures. */
  readonly storageTextures: boolean;
  /** Matrices that subgroups multiply; WebGPU has none so far. */
  readonly matrixShapes: readonly MatrixShape[];
}

const WORK: Readonly<Record<DeviceProfile["kind"], WorkSizes>> = {
  gpu: { lanesPerThread: 1, threadsPerRow: 32, windowBytes: 3 * 2 ** 27 },
  software: { lanesPerThread: 4, threadsPerRow: 1, windowBytes: 0 },
};

/** Returns how work is cut for a kind of device. */
export function workOf(kind: DeviceProfile["kind"]): WorkSizes {
  return WORK[kind];
}

/** Reads what a device tells of itself; `known` is what the caller knows better. */
export function readProfile(device: GPUDevice, known: Partial<DeviceProfile> = {}): DeviceProfile {
  const limits = limitsOf(device.limits);
  const adapter = describeAdapter(device.adapterInfo);
  return {
    ...adapter,
    limits,
    offered: limits,
    work: workOf(known.kind ?? adapter.kind),
    subgroups: NO_SUBGROUPS,
    f16: device.features.has("shader-f16"),
    storageTextures: readsStorageTextures(),
    matrixShapes: [],
    ...known,
  };
}

/** Reads what an adapter tells of itself. */
export function describeAdapter(
  info: Partial<GPUAdapterInfo> = {},
): Pick<DeviceProfile, "kind" | "vendor" | "description"> {
  return {
    kind: info.isFallbackAdapter ? "software" : "gpu",
    vendor: info.vendor ?? "",
    // Browsers leave the description empty, but tell the architecture.
    description: info.description || info.architecture || "",
  };
}

/** Returns the limits that kernels choose by. */
export function limitsOf(limits: GPUSupportedLimits): DeviceLimits {
  return {
    storageBuffers: limits.maxStorageBuffersPerShaderStage,
    bindingBytes: limits.maxStorageBufferBindingSize,
    bufferBytes: limits.maxBufferSize,
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
  };
}

function readsStorageTextures(): boolean {
  // The runtime's types do not have it yet.
  const known = (navigator.gpu as { wgslLanguageFeatures?: ReadonlySet<string> } | undefined)?.wgslLanguageFeatures;
  return known?.has("readonly_and_readwrite_storage_textures") ?? false;
}
