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

Deno.test("the probe finds subgroups of the size told wherever the device has them", async () => {
  const { device, adapter: { subgroup } } = await gpu();
  assertEquals(await probeSubgroups(device), subgroup);
  if (subgroup > 1) assertEquals(subgroup, subgroupSizeOf(device.adapterInfo));
});

Deno.test("the probe does not believe what the adapter tells of its subgroups", async () => {
  const { device } = await gpu();
  const liar = new Proxy(device, {
    get: (target, name) => {
      if (name === "adapterInfo") {
        return infoOf("llvmpipe", ...(subgroupSizeOf(device.adapterInfo) === 4 ? [8, 8] : [4, 4]));
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  assertEquals(await probeSubgroups(liar), 1);
});

Deno.test("a device without subgroups is not counted on to have them, and keeps working", async () => {
  const { adapter } = await requestAdapter();
  using plain = new Gpu(await adapter.requestDevice());
  assertEquals(plain.adapter.subgroup, 1);
  assertEquals(await probeSubgroups(plain.device), 1);
  plain.check();
});
