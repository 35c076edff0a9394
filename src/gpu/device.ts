/**
 * The device behind every kernel: full limits, useful features, loss reported once, in words.
 *
 * @module
 */
import { GpuError } from "./error.ts";
import { probeSubgroups, SUBGROUPS, type SubgroupSize, subgroupSizeOf } from "./subgroup.ts";

/** Features that kernels make use of where the adapter has them. */
const USEFUL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16"];

/** What is known about the adapter behind a device. */
export interface AdapterDescription {
  /** Vendor as the driver names it. */
  readonly vendor: string;
  /** Adapter in the driver's words, for example `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly description: string;
  /** Whether the adapter runs on the processor instead of a GPU. */
  readonly software: boolean;
  /** Invocations in a row that can read each other's values; 1 where kernels must not count on any. */
  readonly subgroup: SubgroupSize;
}

/** Options of {@linkcode Gpu.request}. */
export interface GpuOptions {
  /** Limits to ask for: all that the adapter offers, or WebGPU's defaults. @default {"all"} */
  readonly limits?: "all" | "default";
}

/** A device with its adapter's description; uses nothing of the host runtime, so it runs in a page as well. */
export class Gpu implements Disposable {
  /** The WebGPU device. */
  readonly device: GPUDevice;
  /** What is known about the adapter. */
  readonly adapter: AdapterDescription;
  /** Resolves with the reason when the device is lost other than by {@linkcode Gpu.destroy}. */
  readonly lost: Promise<GpuError>;
  /** Compiled pipelines by source, entry point, constants and layout. */
  readonly pipelines: Map<string, Promise<GPUComputePipeline>> = new Map();
  #failure: GpuError | undefined;

  /** Wraps a device that the caller owns, for example one that a page already renders with. */
  constructor(device: GPUDevice, adapter: Partial<AdapterDescription> = {}) {
    this.device = device;
    const own = describeAdapter(device.adapterInfo);
    const { description = own.description, vendor = own.vendor } = adapter;
    const software = adapter.description === undefined ? own.software : isSoftware(description);
    this.adapter = { vendor, description, software: adapter.software ?? software, subgroup: adapter.subgroup ?? 1 };
    this.lost = new Promise((resolve) => {
      device.lost.then((info) => {
        if (info.reason === "destroyed") return this.#markDestroyed();
        this.#failure = new GpuError(`Cannot continue on the GPU: the device was lost, received "${info.message}"`);
        resolve(this.#failure);
      });
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault?.();
      const error = (event as GPUUncapturedErrorEvent).error;
      this.#failure ??= new GpuError(`Cannot run on the GPU: ${describe(error)}`, { cause: error });
    });
  }

  /** Requests a device with everything useful that `adapter` offers. */
  static async request(adapter: GPUAdapter, { limits = "all" }: GpuOptions = {}): Promise<Gpu> {
    const requiredLimits = limits === "all" ? limitsOf(adapter) : {};
    const requiredFeatures = USEFUL_FEATURES.filter((feature) => adapter.features.has(feature));
    const descriptor = { label: "weft", requiredFeatures, requiredLimits };
    const described = describeAdapter(adapter.info);
    const size = subgroupSizeOf(adapter);
    if (size > 1) {
      // Runtimes that have subgroups without saying so are found out by asking.
      const device = await adapter.requestDevice({ ...descriptor, requiredFeatures: [...requiredFeatures, SUBGROUPS] })
        .catch(() => undefined);
      if (device) return new Gpu(device, { ...described, subgroup: await probeSubgroups(device, size) ? size : 1 });
    }
    return new Gpu(await adapter.requestDevice(descriptor), described);
  }

  /**
   * Throws if the device has failed since it was made.
   *
   * @throws {GpuError} when the device was lost or destroyed, or an operation on it was refused
   */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Releases the device and everything on it. */
  destroy(): void {
    this.#markDestroyed();
    this.device.destroy();
  }

  #markDestroyed(): void {
    this.#failure ??= new GpuError("Cannot continue on the GPU: the device was destroyed");
  }

  /** Releases the device at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

function limitsOf({ limits }: GPUAdapter): Record<string, number> {
  const all: Record<string, number> = {};
  for (const name in limits) {
    const value = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") all[name] = value;
  }
  return all;
}

function describeAdapter(info: GPUAdapterInfo | undefined): Omit<AdapterDescription, "subgroup"> {
  // Browsers leave the description empty, but tell the architecture.
  const description = info?.description || info?.architecture || "";
  return { vendor: info?.vendor ?? "", description, software: info?.isFallbackAdapter || isSoftware(description) };
}

function isSoftware(description: string): boolean {
  return /llvmpipe|softpipe|swiftshader|software|basic render/i.test(description);
}

function describe(error: GPUError): string {
  if (typeof GPUOutOfMemoryError !== "undefined" && error instanceof GPUOutOfMemoryError) {
    return `out of memory, received "${error.message}"`;
  }
  return `the device refused an operation, received "${error.message}"`;
}
