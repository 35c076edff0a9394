import { Gpu } from "../src/gpu/device.ts";
import { kernelsOf } from "../src/kernels/set.ts";
import { gpu } from "./support.ts";

const CHOICE = { variant: "fast", fitting: ["plain", "fast"] };

/** Returns a device with kernels of its own that were measured. */
export async function deviceWith(keys: readonly string[], description = "any adapter"): Promise<Gpu> {
  const { device, profile } = await gpu();
  const fresh = new Gpu(device, { ...profile, description });
  for (const key of keys) kernelsOf(fresh).tuning.set(key, CHOICE);
  return fresh;
}
