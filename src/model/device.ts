/**
 * The device of a model.
 *
 * @module
 */
import { requestAdapter } from "../host/mod.ts";
import { Gpu } from "../gpu/device.ts";
import { loadKernels } from "../kernels/load.ts";

/**
 * Wraps the device that was handed in, or requests one.
 *
 * @param device the device, when the caller has one
 * @param announce told in one line when no hardware adapter was found and a slower one is used
 * @throws {Error} when there is no adapter
 */
export async function openDevice(
  { device, announce }: { device?: GPUDevice | Gpu; announce?: (line: string) => void },
): Promise<Gpu> {
  const gpu = device instanceof Gpu ? device : device ? new Gpu(device) : await requestGpu(announce);
  await loadKernels(gpu);
  return gpu;
}

async function requestGpu(announce?: (line: string) => void): Promise<Gpu> {
  const { adapter } = await requestAdapter({ announce });
  return await Gpu.request(adapter);
}
