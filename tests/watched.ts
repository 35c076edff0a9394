/** A device that is watched: what lives on it is counted, and its memory can be made small. */
import { Gpu } from "../src/gpu/device.ts";
import { gpu } from "./support.ts";

/** A watched device. */
export interface Watched {
  /** The device, with pipelines of its own. */
  readonly gpu: Gpu;
  /** Buffers that live, with their labels. */
  readonly live: Map<GPUBuffer, string>;
  /** Most buffers that lived at a time. */
  readonly peak: () => number;
}

/** Watches the tests' device; `memory` is the most bytes that may live on it before it refuses more. */
export async function watch(memory = Infinity): Promise<Watched> {
  const { device, profile } = await gpu();
  const live = new Map<GPUBuffer, string>();
  const filters: GPUErrorFilter[] = [];
  let [bytes, peak, isFull] = [0, 0, false];
  const createBuffer = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    if (bytes + descriptor.size > memory) {
      isFull = true;
      return device.createBuffer({ ...descriptor, size: 16 });
    }
    const buffer = device.createBuffer(descriptor);
    bytes += descriptor.size;
    live.set(buffer, descriptor.label!);
    peak = Math.max(peak, live.size);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      if (live.delete(buffer)) bytes -= descriptor.size;
      destroy();
    };
    return buffer;
  };
  const pushErrorScope = (filter: GPUErrorFilter): void => {
    filters.push(filter);
    device.pushErrorScope(filter);
  };
  const popErrorScope = (): Promise<GPUError | null> => {
    const error = device.popErrorScope();
    if (filters.pop() !== "out-of-memory" || !isFull) return error;
    isFull = false;
    return Promise.resolve(new GPUOutOfMemoryError("not enough memory left"));
  };
  const replaced: Record<PropertyKey, unknown> = { createBuffer, pushErrorScope, popErrorScope };
  const proxy = new Proxy(device, {
    get(target, key) {
      if (replaced[key]) return replaced[key];
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { gpu: new Gpu(proxy, profile), live, peak: () => peak };
}
