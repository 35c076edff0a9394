/** A GPU on paper: plans are made for it like for any other, but nothing is compiled and nothing runs. */
import { Gpu } from "../src/gpu/device.ts";

/** What a GPU of a desktop computer offers; all that is not named here is WebGPU's default. */
const LIMITS = {
  maxBufferSize: 2 ** 32,
  maxStorageBufferBindingSize: 2 ** 31,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16_384,
};

/**
 * Returns a device that takes everything it is asked for, as far as plans ask.
 *
 * @param limits limits that differ from those of a desktop computer's GPU
 * @param onShader told of each shader's text
 */
export function paperGpu(
  kind: "gpu" | "software" = "gpu",
  limits: Partial<typeof LIMITS> = {},
  onShader: (descriptor: GPUShaderModuleDescriptor) => void = () => {},
): Gpu {
  const nothing = (): Record<string, never> => ({});
  const device = {
    limits: { ...LIMITS, ...limits },
    features: new Set(),
    lost: new Promise(() => {}),
    pushErrorScope: () => {},
    popErrorScope: () => Promise.resolve(null),
    createBuffer: ({ label, size }: GPUBufferDescriptor) => ({ label, size, destroy: () => {} }),
    createBindGroup: nothing,
    createBindGroupLayout: nothing,
    createPipelineLayout: nothing,
    createShaderModule: (descriptor: GPUShaderModuleDescriptor) => {
      onShader(descriptor);
      return { getCompilationInfo: () => Promise.resolve({ messages: [] }) };
    },
    createComputePipelineAsync: () => Promise.resolve({}),
    queue: { writeBuffer: () => {} },
  };
  return new Gpu(device as unknown as GPUDevice, { vendor: "paper", description: "a device on paper", kind });
}
