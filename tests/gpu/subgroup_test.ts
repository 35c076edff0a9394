import { requestAdapter } from "../../src/adapter.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { probeSubgroups, type SubgroupAdapter, subgroupSizeOf } from "../../src/gpu/subgroup.ts";
import { assertEquals } from "../../src/std.ts";
import { gpu } from "../support.ts";

function sizeOf(description: string, least?: number, most = least, buffers = 32): number {
  const info = { description, subgroupMinSize: least, subgroupMaxSize: most };
  return subgroupSizeOf({ info, limits: { maxStorageBuffersPerShaderStage: buffers } } as unknown as SubgroupAdapter);
}

Deno.test("subgroups are asked for where a driver on the processor has them in one size and is quick with it", () => {
  assertEquals([4, 8, 16].map((size) => sizeOf("llvmpipe (LLVM 15.0.6, 256 bits)", size)), [4, 8, 16]);
  assertEquals([4, 8, 16].map((size) => sizeOf("llvmpipe (LLVM 19.1.7, 256 bits)", size, size, 48)), [1, 8, 1]);
  assertEquals(sizeOf("llvmpipe (LLVM 15.0.6, 256 bits)", 4, 128), 1);
  assertEquals(sizeOf("llvmpipe (LLVM 15.0.6, 256 bits)"), 1);
  assertEquals(sizeOf("NVIDIA H200", 32), 1);
});

Deno.test("the probe finds subgroups of the size that the device is counted on to have, and no others", async () => {
  const { device, adapter: { subgroup } } = await gpu();
  if (subgroup > 1) assertEquals(await probeSubgroups(device, subgroup), true);
  assertEquals(await probeSubgroups(device, 2), false);
  assertEquals(await probeSubgroups(device, 32), false);
});

Deno.test("a device without subgroups is not counted on to have them, and keeps working", async () => {
  const { adapter } = await requestAdapter();
  const plain = new Gpu(await adapter.requestDevice());
  assertEquals(plain.adapter.subgroup, 1);
  assertEquals(await probeSubgroups(plain.device, 2), false);
  plain.check();
  plain.device.destroy();
});
