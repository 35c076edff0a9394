import { Gpu } from "../../src/gpu/device.ts";
import { readProfile } from "../../src/gpu/profile.ts";
import { assertEquals } from "@std/assert";

Deno.test("a profile has the limits of the device and of the adapter, and is plain data", async () => {
  const adapter = (await navigator.gpu.requestAdapter())!;
  using gpu = await Gpu.request(adapter, { limits: "default" });
  const { profile } = gpu;
  assertEquals(profile.limits, {
    storageBuffers: 8,
    bindingBytes: 2 ** 27,
    bufferBytes: 2 ** 28,
    workgroupBytes: 2 ** 14,
    workgroupThreads: 256,
  });
  assertEquals(profile.offered.storageBuffers, adapter.limits.maxStorageBuffersPerShaderStage);
  assertEquals(profile.kind, adapter.info.isFallbackAdapter ? "software" : "gpu");
  assertEquals(profile.f16, adapter.features.has("shader-f16"));
  assertEquals(JSON.parse(JSON.stringify(profile)), profile);
});

Deno.test("a profile takes the caller's word over the device's", async () => {
  using gpu = await Gpu.request((await navigator.gpu.requestAdapter())!);
  const { description } = gpu.profile;
  assertEquals(readProfile(gpu.device, { kind: "gpu" }).kind, "gpu");
  assertEquals(readProfile(gpu.device, { description: "another" }).description, "another");
  assertEquals(readProfile(gpu.device).description, description);
  assertEquals(readProfile(gpu.device).offered, gpu.profile.limits);
});
