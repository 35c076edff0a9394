import { requestAdapter } from "../../src/adapter.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { probeSubgroups, subgroupSizeOf } from "../../src/gpu/subgroup.ts";
import { assertEquals } from "../../src/std.ts";
import { gpu } from "../support.ts";

function infoOf(description: string, subgroupMinSize?: number, subgroupMaxSize?: number): GPUAdapterInfo {
  return { description, subgroupMinSize, subgroupMaxSize } as unknown as GPUAdapterInfo;
}

Deno.test("subgroups are asked for where a driver on the processor has them in one size", () => {
  assertEquals(subgroupSizeOf(infoOf("llvmpipe (LLVM 15.0.6, 256 bits)", 8, 8)), 8);
  assertEquals(subgroupSizeOf(infoOf("llvmpipe (LLVM 15.0.6, 128 bits)", 4, 4)), 4);
  assertEquals(subgroupSizeOf(infoOf("llvmpipe (LLVM 15.0.6, 256 bits)", 4, 128)), 1);
  assertEquals(subgroupSizeOf(infoOf("llvmpipe (LLVM 15.0.6, 256 bits)")), 1);
  assertEquals(subgroupSizeOf(infoOf("NVIDIA H200", 32, 32)), 1);
  assertEquals(subgroupSizeOf(undefined), 1);
});

Deno.test("the probe tells subgroups of one size from those of another", async () => {
  const { device, adapter: { subgroup } } = await gpu();
  for (const size of [2, 4, 8, 16, 32]) {
    assertEquals(await probeSubgroups(device, size), subgroup > 1 && size === subgroup, `size ${size}`);
  }
});

Deno.test("a device without subgroups is not counted on to have them, and keeps working", async () => {
  const { adapter } = await requestAdapter();
  using plain = new Gpu(await adapter.requestDevice());
  assertEquals(plain.adapter.subgroup, 1);
  assertEquals(await probeSubgroups(plain.device, 8), false);
  plain.check();
});
