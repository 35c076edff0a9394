/**
 * The device behind every kernel: full limits, useful features, loss reported once, in words.
 *
 * @module
 */
import { GpuError } from "./error.ts";
import { describeAdapter, type DeviceProfile, limitsOf, readProfile } from "./profile.ts";
import { profileSubgroups, reportedSizes, SUBGROUPS } from "./subgroup.ts";

/** Features that kernels make use of where the adapter has them. */
const USEFUL_FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16"];

/** What is known about the adapter behind a device. */
export interface AdapterDescription {
  /** Vendor as the driver names it. */
  readonly vendor: string;
  /** Adapter in the driver's words, for example `NVIDIA H200`. */
  readonly description: string;
  /** Whether the adapter runs on the processor instead of a GPU. */
  readonly software: boolean;
}

/** Options of {@linkcode Gpu.request}. */
export interface GpuOptions {
  /** Limits to ask for: all that the adapter offers, or WebGPU's defaults. @default {"all"} */
  readonly limits?: "all" | "default";
}

/** Kinds of errors that a scope can hold back; the last one is told first, since a lack of memory causes the others. */
const FILTERS: readonly GPUErrorFilter[] = ["validation", "internal", "out-of-memory"];

/** What became of work that was handed to the device. */
export interface Observation<T> {
  /** What the work returned. */
  readonly result: T;
  /** Resolves with the reason when the device refused a part of the work. */
  readonly refusal: Promise<GPUError | undefined>;
}

/**
 * A device with its adapter's description; uses nothing of the host runtime, so it runs in a page as well.
 *
 * All work goes to the device within error scopes, so that only errors of this work count: those of other users of the
 * same device stay theirs, and are reported to them as if Weft was not there.
 */
export class Gpu implements Disposable {
  /** The WebGPU device. */
  readonly device: GPUDevice;
  /** What is known about the adapter. */
  readonly adapter: AdapterDescription;
  /** What the device can do, which decides what kernels it runs. */
  readonly profile: DeviceProfile;
  /** Resolves with the reason when the device is lost other than by {@linkcode Gpu.destroy}. */
  readonly lost: Promise<GpuError>;
  /**
   * Compiled pipelines by source, entry point, constants and layout.
   *
   * @internal
   */
  readonly pipelines: Map<string, Promise<GPUComputePipeline>> = new Map();
  #failure: GpuError | undefined;
  #ownsDevice = false;

  /**
   * Wraps a device that the caller owns and destroys, for example one that a page already renders with.
   *
   * @param known what the caller knows better than the device tells of itself
   */
  constructor(device: GPUDevice, known: Partial<DeviceProfile> = {}) {
    this.device = device;
    this.profile = readProfile(device, known);
    const { vendor, description, kind } = this.profile;
    this.adapter = { vendor, description, software: kind === "software" };
    this.lost = new Promise((resolve) => {
      device.lost.then((info) => {
        if (info.reason === "destroyed") return this.#markDestroyed();
        this.#failure = new GpuError(`Cannot continue on the GPU: the device was lost, received "${info.message}"`);
        resolve(this.#failure);
      });
    });
  }

  /** Requests a device with everything useful that `adapter` offers; {@linkcode Gpu.destroy} releases it. */
  static async request(adapter: GPUAdapter, options: GpuOptions = {}): Promise<Gpu> {
    const gpu = await Gpu.#open(adapter, options);
    gpu.#ownsDevice = true;
    return gpu;
  }

  static async #open(adapter: GPUAdapter, { limits = "all" }: GpuOptions): Promise<Gpu> {
    const requiredLimits = limits === "all" ? allLimitsOf(adapter) : {};
    const requiredFeatures = USEFUL_FEATURES.filter((feature) => adapter.features.has(feature));
    const descriptor = { label: "weft", requiredFeatures, requiredLimits };
    const known = { ...describeAdapter(adapter.info), offered: limitsOf(adapter.limits) };
    const sizes = reportedSizes(adapter.info);
    if (sizes) {
      // Runtimes that have subgroups without saying so are found out by asking.
      const device = await adapter.requestDevice({ ...descriptor, requiredFeatures: [...requiredFeatures, SUBGROUPS] })
        .catch(() => undefined);
      if (device) return new Gpu(device, { ...known, subgroups: await profileSubgroups(device, sizes) });
    }
    return new Gpu(await adapter.requestDevice(descriptor), known);
  }

  /**
   * Hands work to the device and tells what became of it; the caller decides what a refusal means.
   *
   * @internal
   */
  observe<T>(work: (device: GPUDevice) => T): Observation<T> {
    const { device } = this;
    for (const filter of FILTERS) device.pushErrorScope(filter);
    // A device that is lost says so itself; some runtimes reject here as well.
    const pop = () => Promise.all(FILTERS.map(() => device.popErrorScope().catch(() => null)));
    let result: T;
    try {
      result = work(device);
    } catch (error) {
      void pop();
      throw error;
    }
    return { result, refusal: pop().then((errors) => errors.find((error) => error !== null) ?? undefined) };
  }

  /**
   * Hands work to the device that others build on: once it was refused, everything that follows is refused too.
   *
   * @param action what the work does, as in `Cannot <action>`
   *
   * @internal
   */
  perform<T>(action: string, work: (device: GPUDevice) => T): T {
    const { result, refusal } = this.observe(work);
    refusal.then((error) => {
      if (error) this.#failure ??= new GpuError(`Cannot ${action}: ${describeRefusal(error)}`, { cause: error });
    });
    return result;
  }

  /**
   * Throws if the device has failed since it was made.
   *
   * @throws {GpuError} when the device was lost or destroyed, or it refused an operation of Weft
   */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Ends all work here, and releases the device and everything on it unless the caller owns it. */
  destroy(): void {
    this.#markDestroyed();
    if (this.#ownsDevice) this.device.destroy();
  }

  #markDestroyed(): void {
    this.#failure ??= new GpuError("Cannot continue on the GPU: the device was destroyed");
  }

  /** Releases the device at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.destroy();
  }
}

function allLimitsOf({ limits }: GPUAdapter): Record<string, number> {
  const all: Record<string, number> = {};
  for (const name in limits) {
    const value = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") all[name] = value;
  }
  return all;
}

/** Tells in words why the device refused something. */
export function describeRefusal(error: GPUError): string {
  // By name: an implementation that was loaded has a class of its own.
  if (error.constructor.name === "GPUOutOfMemoryError") {
    return `out of memory, received "${error.message}"`;
  }
  return `the device refused an operation, received "${error.message}"`;
}
