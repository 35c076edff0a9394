/**
 * Subgroups: invocations in a row that can read each other's values.
 *
 * Drivers that run on the processor compute them as one vector. A value that all of them need is then fetched by one of
 * them and handed on in an instruction, where each would otherwise fetch it for itself.
 *
 * @module
 */

/** The feature; this project's types do not have it yet. */
export const SUBGROUPS = "subgroups" as GPUFeatureName;

/** Invocations that the probe compares. */
const PROBED = 64;

/** Writes a probe for one size alone: a driver's cache may hold what it compiled when its subgroups had another. */
function probeSource(size: number): string {
  return `
@group(0) @binding(0) var<storage, read_write> seen: array<u32>;

@compute @workgroup_size(${PROBED})
fn probe(@builtin(local_invocation_index) lane: u32) {
  seen[lane] = subgroupBroadcast(lane, 1u) * ${size}u;
}
`;
}

/** Invocations of a subgroup; 1 where kernels must not count on any. */
export type SubgroupSize = 1 | 4 | 8 | 16;

/** What tells of an adapter's subgroups. */
export type SubgroupAdapter = Pick<GPUAdapter, "info" | "limits">;

/**
 * Returns the size of subgroups that are worth asking for, or 1.
 *
 * Mesa's driver hands a value on in an instruction; after Mesa 22, which allows fewer storage buffers than the later ones,
 * only where the subgroup is one vector of AVX2.
 */
export function subgroupSizeOf({ info, limits }: SubgroupAdapter): SubgroupSize {
  // The runtime's types do not have it yet.
  const { subgroupMinSize: least, subgroupMaxSize: most } = (info ?? {}) as unknown as Record<
    string,
    number | undefined
  >;
  if (!/llvmpipe/.test(info?.description ?? "") || least === undefined || least !== most) return 1;
  const sizes: readonly SubgroupSize[] = limits.maxStorageBuffersPerShaderStage <= 32 ? [4, 8, 16] : [8];
  return sizes.find((size) => size === least) ?? 1;
}

/** Returns whether invocations in a row, `size` of them, make a subgroup in the order of their indices. */
export async function probeSubgroups(device: GPUDevice, size: number): Promise<boolean> {
  device.pushErrorScope("validation");
  const seen = await runProbe(device, size).catch(() => undefined);
  const refused = await device.popErrorScope();
  return !refused && seen !== undefined && seen.every((value, lane) => value === (lane - lane % size + 1) * size);
}

async function runProbe(device: GPUDevice, subgroupSize: number): Promise<Uint32Array> {
  const module = device.createShaderModule({ label: "subgroup probe", code: probeSource(subgroupSize) });
  const pipeline = device.createComputePipeline({ label: "subgroup probe", layout: "auto", compute: { module } });
  const size = 4 * PROBED;
  const seen = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const copy = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const entries = [{ binding: 0, resource: { buffer: seen } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(seen, 0, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  try {
    await copy.mapAsync(GPUMapMode.READ);
    return new Uint32Array(copy.getMappedRange().slice(0));
  } finally {
    seen.destroy();
    copy.destroy();
  }
}
