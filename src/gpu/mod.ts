/**
 * Devices: finding an adapter, opening it, and timing the kernels that run on it.
 *
 * `Model.create` opens a device by itself; this is for those who share one among models, or bring their own.
 *
 * @example Opening the best adapter of this machine
 * ```ts
 * import { Gpu, requestAdapter } from "./mod.ts";
 *
 * const { adapter, description } = await requestAdapter();
 * using gpu = await Gpu.request(adapter);
 * console.log(description, gpu.device.limits.maxBufferSize);
 * ```
 *
 * @module
 */
export { type AdapterDescription, Gpu, type GpuOptions } from "./device.ts";
export { GpuError } from "./error.ts";
export type { DeviceLimits, DeviceProfile, MatrixShape, WorkSizes } from "./profile.ts";
export type { SubgroupProfile } from "./subgroup.ts";
export { formatKernelTimes, type KernelTime, Profiler, type ProfilerOptions } from "./profiler.ts";
export type { AdapterKind, AdapterOptions, AdapterReport, FoundAdapter } from "../host/adapter_types.ts";
export { listAdapters, loadTuning, requestAdapter } from "../host/mod.ts";
