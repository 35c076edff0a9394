/**
 * Subgroups: threads in a row that can read each other's values.
 *
 * @module
 */

/** The feature; this project's types do not have it yet. */
export const SUBGROUPS = "subgroups" as GPUFeatureName;

/** What is known about the subgroups of a device. */
export interface SubgroupProfile {
  /** Whether the device was granted subgroups. */
  readonly granted: boolean;
  /** Threads of the smallest subgroup, as the adapter reports it: 4 to 128, or 1 without subgroups. */
  readonly least: number;
  /** Threads of the largest subgroup. */
  readonly most: number;
  /** Threads of each subgroup of a probe in which they followed the order of their indices; 1 where they did not. */
  readonly ordered: number;
  /** Whether kernels may use subgroups after the directive `enable subgroups;`. */
  readonly directive: boolean;
  /** Whether kernels may use subgroups without that directive. */
  readonly plain: boolean;
}

/** The profile of a device that has no subgroups. */
export const NO_SUBGROUPS: SubgroupProfile = {
  granted: false,
  least: 1,
  most: 1,
  ordered: 1,
  directive: false,
  plain: false,
};

/** Threads that the probe compares; no subgroup is larger. */
const PROBED = 128;

/** How a kernel asks for subgroups. */
export type SubgroupSpelling = "directive" | "plain";

/** Writes a probe for one size alone: a driver's cache may hold what it compiled when its subgroups had another. */
function probeSource(spelling: SubgroupSpelling, least: number): string {
  return `${spelling === "directive" ? "enable subgroups;" : ""}
@group(0) @binding(0) var<storage, read_write> seen: array<vec2u>;

@compute @workgroup_size(${PROBED})
fn probe(@builtin(local_invocation_index) thread: u32, @builtin(subgroup_size) size: u32) {
  seen[thread] = vec2u(subgroupBroadcast(thread, 1u) * ${least}u, size);
}
`;
}

/** Returns the sizes of subgroups that an adapter reports, or undefined where it reports none. */
export function reportedSizes(info: GPUAdapterInfo | undefined): { least: number; most: number } | undefined {
  // The runtime's types do not have them yet.
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = (info ?? {}) as unknown as Partial<
    Record<string, number>
  >;
  return least > 1 && most >= least ? { least, most } : undefined;
}

/** Finds out how the subgroups of a device that was granted them can be used. */
export async function profileSubgroups(
  device: GPUDevice,
  { least, most }: { readonly least: number; readonly most: number },
): Promise<SubgroupProfile> {
  const directive = await probeSubgroups(device, "directive", least);
  const plain = await probeSubgroups(device, "plain", least);
  const ordered = plain ?? directive ?? 1;
  return { granted: true, least, most, ordered, directive: directive !== undefined, plain: plain !== undefined };
}

/**
 * Returns how many threads in a row make a subgroup in the order of their indices, or 1 where they are in another order;
 * undefined where the device refuses the kernel.
 */
export async function probeSubgroups(
  device: GPUDevice,
  spelling: SubgroupSpelling,
  least: number,
): Promise<number | undefined> {
  device.pushErrorScope("validation");
  const seen = await runProbe(device, probeSource(spelling, least)).catch(() => undefined);
  const refused = await device.popErrorScope();
  if (refused || !seen) return undefined;
  const size = seen[1];
  const inOrder = Array.from({ length: PROBED }, (_, thread) => thread).every((thread) =>
    seen[2 * thread] === least * (thread - thread % size + 1) && seen[2 * thread + 1] === size
  );
  return inOrder ? size : 1;
}

async function runProbe(device: GPUDevice, code: string): Promise<Uint32Array> {
  const module = device.createShaderModule({ label: "subgroup probe", code });
  const pipeline = device.createComputePipeline({ label: "subgroup probe", layout: "auto", compute: { module } });
  const size = 8 * PROBED;
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
