/**
 * Loads the kernels that a device needs besides those of the ops.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { kernelsOf } from "./set.ts";

const loaded: WeakMap<Gpu, Promise<void>> = new WeakMap();

/**
 * Registers the kernels for drivers on the processor where the device runs on one; a device that is a GPU loads nothing.
 * Every plan of the device is compiled after that.
 */
export function loadKernels(gpu: Gpu): Promise<void> {
  if (gpu.profile.kind === "gpu") return Promise.resolve();
  let promise = loaded.get(gpu);
  if (!promise) {
    promise = import("../software/mod.ts").then(({ registerKernels }) => {
      const kernels = kernelsOf(gpu);
      registerKernels(kernels);
      kernels.isLoaded = true;
    });
    loaded.set(gpu, promise);
  }
  return promise;
}
