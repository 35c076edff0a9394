import { Gpu } from "../../src/gpu/device.ts";
import { GpuError } from "../../src/gpu/error.ts";
import type { DeviceProfile } from "../../src/gpu/profile.ts";
import { createBuffer, download, requireAllocated, upload, writeBuffer } from "../../src/gpu/memory.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { gpu } from "../support.ts";
import { watch } from "../watched.ts";

/** A device that can be lost at will. */
class FragileDevice extends EventTarget {
  lose: (info: { reason: string; message: string }) => void = () => {};
  adapterInfo: Partial<GPUAdapterInfo> | undefined;
  readonly limits = {};
  readonly features = new Set<string>();
  readonly lost = new Promise((resolve) => this.lose = resolve);
}

async function adapter(): Promise<GPUAdapter> {
  return (await navigator.gpu.requestAdapter())!;
}

Deno.test("Gpu.request asks for the adapter's full limits and useful features", async () => {
  const found = await adapter();
  using device = await Gpu.request(found);
  for (const name of ["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeInvocationsPerWorkgroup"] as const) {
    assertEquals(device.device.limits[name], found.limits[name]);
  }
  assertEquals(device.device.features.has("timestamp-query"), found.features.has("timestamp-query"));
  assertEquals(device.adapter.description, found.info.description);
});

Deno.test("Gpu.request asks for WebGPU's default limits where told to", async () => {
  using device = await Gpu.request(await adapter(), { limits: "default" });
  assertEquals(device.device.limits.maxStorageBuffersPerShaderStage, 8);
  assertEquals(device.device.limits.maxStorageBufferBindingSize, 2 ** 27);
});

Deno.test("Gpu takes a device that the caller made, with the default limits", async () => {
  const device = new Gpu(await (await adapter()).requestDevice(), { kind: "software" });
  assert(device.adapter.software);
  const numbers = Float32Array.of(1, 2, 3);
  assertEquals(new Float32Array(await download(device, upload(device, "x", numbers), 12)), numbers);
  device.device.destroy();
});

Deno.test("Gpu tells a software adapter by what it says of itself, and takes the caller's word over it", () => {
  const describe = (adapterInfo: Partial<GPUAdapterInfo>, known?: Partial<DeviceProfile>) =>
    new Gpu(Object.assign(new FragileDevice(), { adapterInfo }) as unknown as GPUDevice, known).adapter;
  const page = { vendor: "google", description: "", architecture: "swiftshader" };
  assertEquals(describe({ ...page, isFallbackAdapter: true }), {
    vendor: "google",
    description: "swiftshader",
    software: true,
  });
  assert(!describe({ vendor: "nvidia", description: "", architecture: "hopper", isFallbackAdapter: false }).software);
  assert(describe({ description: "older browser" }, { kind: "software" }).software);
  assert(!describe({ isFallbackAdapter: true }, { kind: "gpu" }).software);
});

Deno.test("Gpu reports a lost device once and refuses all further work", async () => {
  const fragile = new FragileDevice();
  const device = new Gpu(fragile as unknown as GPUDevice);
  device.check();
  fragile.lose({ reason: "unknown", message: "GPU reset" });
  assertStringIncludes((await device.lost).message, 'the device was lost, received "GPU reset"');
  assertThrows(() => device.check(), GpuError, 'Cannot continue on the GPU: the device was lost, received "GPU reset"');
});

Deno.test("Gpu leaves errors of other users of a device to them", async () => {
  const shared = await (await adapter()).requestDevice();
  const device = new Gpu(shared);
  const told: boolean[] = [];
  shared.addEventListener("uncapturederror", (event) => void told.push(event.defaultPrevented));
  shared.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });
  const numbers = Float32Array.of(1, 2, 3, 4);
  const buffer = upload(device, "x", numbers);
  assertEquals(new Float32Array(await download(device, buffer)), numbers);
  assertEquals(told, [false]);
  shared.destroy();
});

Deno.test("Gpu keeps its first refused operation to itself and refuses what follows", async () => {
  const shared = await (await adapter()).requestDevice();
  const device = new Gpu(shared);
  shared.addEventListener("uncapturederror", () => {
    throw new Error("an error of Weft reached the page");
  });
  const refuse = (action: string): unknown =>
    device.perform(action, ({ queue }) => queue.writeBuffer(createBuffer(device, "x", 16), 0, new Uint8Array(32)));
  refuse("write one");
  refuse("write another");
  await device.observe(() => {}).refusal;
  assertThrows(() => device.check(), GpuError, "Cannot write one: the device refused an operation");
  shared.destroy();
});

Deno.test("Gpu tells of a refusal once it is known, and of work that throws at once", async () => {
  const device = await gpu();
  const { result, refusal } = device.observe(() => 7);
  assertEquals([result, await refusal], [7, undefined]);
  assertThrows(
    () =>
      device.observe(() => {
        throw new TypeError("thrown");
      }),
    TypeError,
    "thrown",
  );
  device.check();
});

Deno.test("Gpu destroys the device that it requested, and no device that it was given", async () => {
  const given = await (await adapter()).requestDevice();
  {
    using device = new Gpu(given);
    device.check();
  }
  const working = new Gpu(given);
  assertEquals(new Uint8Array(await download(working, createBuffer(working, "x", 16))), new Uint8Array(16));
  given.destroy();
  const own = await Gpu.request(await adapter());
  own.destroy();
  assertEquals((await own.device.lost).reason, "destroyed");
});

Deno.test("Gpu refuses work on a device destroyed by itself or by its owner", async () => {
  const own = await Gpu.request(await adapter());
  own.destroy();
  assertThrows(() => own.check(), GpuError, "Cannot continue on the GPU: the device was destroyed");
  const injected = await (await adapter()).requestDevice();
  const other = new Gpu(injected);
  const buffer = createBuffer(other, "x", 16);
  injected.destroy();
  await injected.lost;
  assertThrows(() => other.check(), GpuError, "the device was destroyed");
  await assertRejects(() => download(other, buffer), GpuError, "the device was destroyed");
});

Deno.test("createBuffer refuses a length past the device's limit, with both numbers", async () => {
  const device = await gpu();
  const limit = device.device.limits.maxBufferSize;
  const error = assertThrows(() => createBuffer(device, "table", limit + 1), GpuError);
  assertStringIncludes(error.message, `Cannot create buffer "table": the device allows ${limit} bytes, received `);
});

Deno.test("download returns a part of a buffer, and nothing of an empty one", async () => {
  const device = await gpu();
  const buffer = upload(device, "x", Uint32Array.of(1, 2, 3, 4));
  assertEquals(new Uint32Array(await download(device, buffer, 8, 4)), Uint32Array.of(2, 3));
  assertEquals(new Uint8Array(await download(device, buffer, 6)), Uint8Array.of(1, 0, 0, 0, 2, 0));
  assertEquals((await download(device, buffer, 0)).byteLength, 0);
});

Deno.test("writeBuffer copies a view of a larger array to an offset", async () => {
  const device = await gpu();
  const buffer = createBuffer(device, "x", 16);
  writeBuffer(device, buffer, Float32Array.of(7, 8, 9).subarray(1), 8);
  assertEquals(new Float32Array(await download(device, buffer)), Float32Array.of(0, 0, 8, 9));
});

Deno.test("createBuffer rounds up to 16 bytes and fills with zeros", async () => {
  const device = await gpu();
  assertEquals([0, 1, 16, 17].map((bytes) => createBuffer(device, "x", bytes).size), [16, 16, 16, 32]);
  assertEquals(new Uint32Array(await download(device, createBuffer(device, "x", 20))), new Uint32Array(8));
});

Deno.test("memory that runs out is named with the buffer and its bytes, and leaves the device usable", async () => {
  const { gpu: device, live } = await watch(100_000);
  const buffers = [createBuffer(device, "small", 1024), createBuffer(device, "large", 200_000)];
  const error = await assertRejects(() => requireAllocated(buffers), GpuError);
  assertEquals(
    error.message,
    'Cannot create buffer "large" of 200000 bytes: out of memory, received "not enough memory left"',
  );
  await requireAllocated(buffers.slice(0, 1));
  const large = upload(device, "x", new Float32Array(20_000));
  await assertRejects(() => download(device, large), GpuError, 'Cannot create buffer "x.staging" of 80000 bytes');
  device.check();
  assertEquals([...live.values()], ["small", "x"]);
});
