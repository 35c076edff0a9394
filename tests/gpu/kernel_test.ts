import { Gpu } from "../../src/gpu/device.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { createImage, encodeCopy, IMAGE_WIDTH } from "../../src/gpu/image.ts";
import { type Call, type Dispatch, gridOf, prepare } from "../../src/gpu/kernel.ts";
import { createBuffer, download, upload } from "../../src/gpu/memory.ts";
import { shader } from "../../src/gpu/shader.ts";
import grid from "../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../shaders/common/image.wgsl" with { type: "text" };
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { gpu } from "../support.ts";
import { watch } from "../watched.ts";

const FILL = `override FACTOR: u32 = 1u;
struct Params { size: u32, shift: i32, scale: f32 }
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(2)
fn fill(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 2u + lane;
  if (i >= params.size) { return; }
  y[i] += FACTOR * (i + x[0]) + u32(params.shift + i32(params.scale));
}
`;

const fill = shader("fill", { grid, fill: FILL });

function callOf(device: Gpu, more: Partial<Call> = {}): Call & { y: GPUBuffer } {
  const x = upload(device, "x", Uint32Array.of(100));
  const y = createBuffer(device, "y", 64);
  return {
    shader: fill,
    entry: "fill",
    bind: { x: { buffer: x }, y: { buffer: y } },
    params: { size: 5, shift: -7, scale: 9.5 },
    grid: 3,
    y,
    ...more,
  };
}

function submit(device: Gpu, dispatch: Dispatch): void {
  const encoder = device.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(dispatch.pipeline);
  pass.setBindGroup(0, dispatch.group);
  pass.dispatchWorkgroups(...dispatch.grid);
  pass.end();
  device.device.queue.submit([encoder.finish()]);
}

async function refusal(more: Partial<Call>, errorClass: new (...args: never[]) => Error): Promise<string> {
  const device = await gpu();
  const call = callOf(device, more);
  return (await assertRejects(() => prepare(device, call), errorClass as new () => Error)).message;
}

Deno.test("prepare binds by name and packs parameters by type", async () => {
  const device = await gpu();
  const call = callOf(device, { constants: { FACTOR: 10 } });
  const dispatch = await prepare(device, call);
  assertEquals([dispatch.label, dispatch.grid, dispatch.readsStep, dispatch.bytes], [
    "fill.fill",
    [3, 1, 1],
    false,
    80,
  ]);
  submit(device, dispatch);
  const values = new Uint32Array(await download(device, call.y, 24));
  assertEquals([...values], [1002, 1012, 1022, 1032, 1042, 0]);
});

Deno.test("prepare names file and line of an error in the first part of a shader", async () => {
  const broken = shader("broken", { first: "\nfn f() -> u32 { return q; }\n", grid, fill: FILL });
  assertStringIncludes(await refusal({ shader: broken }, GpuError), "first.wgsl:2");
});

Deno.test("prepare names file and line of an error in a later part of a shader", async () => {
  const broken = shader("broken", { grid, fill: FILL.replace("y[i] +=", "z[i] +=") });
  const line = FILL.split("\n").findIndex((text) => text.includes("y[i] +=")) + 1;
  assertStringIncludes(await refusal({ shader: broken }, GpuError), `Cannot compile fill.wgsl:${line}: `);
});

Deno.test("prepare names file and line of a type error", async () => {
  const broken = shader("broken", { grid, fill: FILL.replace("y[i] += ", "y[i] = 1.5 + ") });
  const line = FILL.split("\n").findIndex((text) => text.includes("y[i] +=")) + 1;
  assertStringIncludes(await refusal({ shader: broken }, GpuError), `fill.wgsl:${line}`);
});

Deno.test("prepare names the kernel whose entry point is missing", async () => {
  assertStringIncludes(await refusal({ entry: "file" }, GpuError), "Cannot compile fill.file");
});

Deno.test("prepare refuses a binding that the shader does not have", async () => {
  const device = await gpu();
  const { bind } = callOf(device);
  const message = await refusal({ bind: { ...bind, z: bind.x } }, RangeError);
  assertEquals(message, 'Cannot bind fill.fill: the shader has no such binding, received "z"');
});

Deno.test("prepare refuses a call that leaves out a binding of the kernel", async () => {
  const device = await gpu();
  const { bind } = callOf(device);
  assertStringIncludes(await refusal({ bind: { y: bind.y } }, GpuError), "Cannot compile fill.fill");
});

Deno.test("prepare refuses unknown and missing parameters and constants", async () => {
  const params = { size: 1, shift: 0, scale: 0 };
  assertStringIncludes(await refusal({ params: { ...params, sise: 1 } }, RangeError), 'received "sise"');
  assertStringIncludes(await refusal({ params: { size: 1, shift: 0 } }, RangeError), 'parameter "scale" is missing');
  assertStringIncludes(await refusal({ constants: { FACTR: 1 } }, RangeError), 'received "FACTR"');
  const bare = shader("bare", { bare: "@compute @workgroup_size(1) fn fill() {}" });
  assertStringIncludes(await refusal({ shader: bare, bind: {}, params: { size: 1 } }, RangeError), 'received "size"');
});

Deno.test("prepare refuses a buffer that is read and written by one kernel", async () => {
  const device = await gpu();
  const buffer = createBuffer(device, "both", 1024);
  const bind = { x: { buffer, size: 256 }, y: { buffer, offset: 512, size: 256 } };
  assertStringIncludes(await refusal({ bind }, GpuError), 'received buffer "both" as "x" too');
});

Deno.test("prepare refuses a range past the device's limit", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = new Gpu(await adapter!.requestDevice());
  const limit = device.device.limits.maxStorageBufferBindingSize;
  const call = callOf(device);
  const bind = { ...call.bind, x: { buffer: createBuffer(device, "large", limit + 16) } };
  const error = await assertRejects(() => prepare(device, { ...call, bind }), GpuError);
  assertEquals(error.message, `Cannot bind "x" of fill.fill: the device allows ${limit} bytes, received ${limit + 16}`);
  device.device.destroy();
});

Deno.test("prepare compiles equal kernels once, also when asked for both at a time", async () => {
  const device = await gpu();
  const fresh = shader("fresh", { grid, fill: `// a text of its own\n${FILL}` });
  const before = device.pipelines.size;
  const [a, b] = await Promise.all([
    prepare(device, callOf(device, { shader: fresh })),
    prepare(device, callOf(device, { shader: fresh, params: { size: 1, shift: 0, scale: 0 }, grid: 1 })),
  ]);
  assert(a.pipeline === b.pipeline && a.group !== b.group);
  assertEquals(device.pipelines.size, before + 1);
  const other = await prepare(device, callOf(device, { shader: fresh, constants: { FACTOR: 2 } }));
  assert(other.pipeline !== a.pipeline);
  assertEquals(device.pipelines.size, before + 2);
});

Deno.test("gridOf folds counts past 65,535 workgroups and keeps others", () => {
  assertEquals(gridOf(0), [1, 1, 1]);
  assertEquals(gridOf(65_535), [65_535, 1, 1]);
  assertEquals(gridOf(65_536), [32_768, 2, 1]);
  assertEquals(gridOf([3, 4, 5]), [3, 4, 5]);
  for (const groups of [65_537, 131_071, 1e6, 2 ** 31]) {
    const [x, y, z] = gridOf(groups);
    assert(x <= 65_535 && y <= 65_535 && z === 1 && x * y >= groups && x * (y - 1) < groups);
  }
});

Deno.test("a kernel over a folded grid reaches every element once", async () => {
  const device = await gpu();
  const size = 2 * 70_000 - 1;
  const y = createBuffer(device, "y", 4 * size);
  const x = upload(device, "x", Uint32Array.of(0));
  const call = callOf(device, {
    bind: { x: { buffer: x }, y: { buffer: y } },
    params: { size, shift: 1, scale: 0 },
    grid: 70_000,
  });
  const dispatch = await prepare(device, call);
  assertEquals(dispatch.grid, [35_000, 2, 1]);
  submit(device, dispatch);
  const values = new Uint32Array(await download(device, y, 4 * size));
  assertEquals(values.findIndex((value, i) => value !== i + 1), -1);
  y.destroy();
});

const IMAGE_SUM = `@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
struct Params { size: u32 }
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn fill(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.size) { y[id.x] = textureLoad(x, texel(id.x)); }
}
`;

Deno.test("prepare refuses a buffer where the shader declares an image", async () => {
  const device = await gpu();
  const buffer = createBuffer(device, "x", 16);
  const copy = shader("copy", { image, copy: IMAGE_SUM });
  const error = await assertRejects(
    () => prepare(device, { shader: copy, entry: "fill", bind: { x: { buffer } }, grid: 1 }),
    TypeError,
  );
  assertStringIncludes(error.message, 'Cannot bind "x" of copy.fill: the shader declares an image, received a buffer');
});

Deno.test("a copy fills rows of an image and part of the next, from an offset on", async () => {
  const device = await gpu();
  const texels = IMAGE_WIDTH + 3;
  const numbers = Float32Array.from({ length: 64 + 4 * texels }, (_, i) => i);
  const from = { buffer: upload(device, "from", numbers), offset: 256 };
  const y = createBuffer(device, "y", 16 * texels);
  using to = { image: createImage(device, "to", texels), [Symbol.dispose]: () => to.image.destroy() };
  const dispatch = await prepare(device, {
    shader: shader("copy", { image, copy: IMAGE_SUM }),
    entry: "fill",
    bind: { x: { view: to.image.createView(), texture: to.image, bytes: 16 * texels }, y: { buffer: y } },
    params: { size: texels },
    grid: Math.ceil(texels / 64),
  });
  const encoder = device.device.createCommandEncoder();
  encodeCopy(encoder, { from, to: to.image, texels });
  device.device.queue.submit([encoder.finish()]);
  submit(device, dispatch);
  assertEquals(new Float32Array(await download(device, y, 16 * texels)), numbers.subarray(64));
});

Deno.test("createImage refuses more rows than the device's textures have", async () => {
  const device = await gpu();
  const texels = IMAGE_WIDTH * (device.device.limits.maxTextureDimension2D + 1);
  assertThrows(() => createImage(device, "big", texels), GpuError, 'Cannot create image "big": the device allows');
});

Deno.test("a device keeps a bounded number of pipelines, and none that was refused", async () => {
  const { gpu: device } = await watch();
  const bare = (i: number) => shader("bare", { bare: `@compute @workgroup_size(1) fn fill() {} // ${i}` });
  for (let i = 0; i < 1100; i++) await prepare(device, { shader: bare(i), entry: "fill", bind: {}, grid: 1 });
  assertEquals(device.pipelines.size, 1024);
  await assertRejects(() => prepare(device, { shader: bare(1099), entry: "none", bind: {}, grid: 1 }), GpuError);
  assertEquals(device.pipelines.size, 1023);
});
