/** Profiles of software drivers. */
import { type DeviceProfile, workOf } from "../../src/gpu/profile.ts";
import { NO_SUBGROUPS } from "../../src/gpu/subgroup.ts";

/** Returns the profile of a driver with subgroups of one size that kernels use without a directive. */
export function profileOf(description: string, subgroup: number, storageBuffers = 32): DeviceProfile {
  const limits = {
    storageBuffers,
    bindingBytes: 2 ** 27,
    bufferBytes: 2 ** 28,
    workgroupBytes: 2 ** 14,
    workgroupThreads: 256,
  };
  const subgroups = subgroup === 1
    ? NO_SUBGROUPS
    : { granted: true, least: subgroup, most: subgroup, ordered: subgroup, directive: false, plain: true };
  return {
    kind: "software",
    vendor: "",
    description,
    limits,
    offered: limits,
    work: workOf("software"),
    subgroups,
    f16: false,
    storageTextures: true,
    matrixShapes: [],
  };
}
