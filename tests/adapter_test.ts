import { listAdapters, requestAdapter } from "../src/adapter.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { WIDTH_VARIABLE } from "../src/vector_width.ts";
import { inFolder } from "./folder.ts";

const PACKAGE = "npm:@sparticuz/chromium@147.0.0";
const NO_DRIVERS = {
  VK_DRIVER_FILES: "/nonexistent",
  VK_ICD_FILENAMES: "/nonexistent",
  __EGL_VENDOR_LIBRARY_FILENAMES: "/nonexistent",
};
const INSTALL = "mesa-vulkan-drivers";
const UNREACHABLE = "http://127.0.0.1:1";

/** Squares the numbers 0 to 63 on the device. */
async function square(adapter: GPUAdapter): Promise<number[]> {
  const device = await adapter.requestDevice();
  const code = `
    @group(0) @binding(0) var<storage, read_write> squares: array<u32>;
    @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) { squares[i] = i * i; }`;
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }) },
  });
  const squares = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const readback = device.createBuffer({ size: 256, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: squares } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(squares, 0, readback, 0, 256);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const result = [...new Uint32Array(readback.getMappedRange().slice(0))];
  device.destroy();
  return result;
}

const SQUARES = Array.from({ length: 64 }, (_, i) => i * i);

Deno.test("requestAdapter() finds an adapter that computes", async () => {
  const { adapter, kind, description } = await requestAdapter();
  assert(["hardware", "vulkan-software", "gl-software", "dx12-software", "bundled"].includes(kind), kind);
  assertStringIncludes(description, adapter.info.description);
  assertEquals(await square(adapter), SQUARES);
});

Deno.test("listAdapters() names each adapter once, under every request that leads to it", async () => {
  const adapters = await listAdapters();
  const { kind, adapter } = await requestAdapter();
  const best = adapters.find(({ requestedAs }) => requestedAs.includes("high-performance"));
  assertEquals(best?.kind, kind);
  assertEquals(best?.description, adapter.info.description);
  assertEquals(best?.limits.maxBufferSize, adapter.limits.maxBufferSize);
  const requests = adapters.flatMap(({ requestedAs }) => requestedAs);
  assertEquals(new Set(requests).size, requests.length);
});

const isPackaged = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
const registryError = isPackaged ? await fetchPackage() : undefined;
const { denoDir } = await denoInfo();
const withoutDrivers = {
  ignore: !isPackaged || registryError !== undefined,
  suffix: !isPackaged ? " (skipped: Linux on x86-64 only)" : registryError ? ` (skipped: ${registryError})` : "",
};

async function fetchPackage(): Promise<string | undefined> {
  return (await denoInfo("--no-lock", "--node-modules-dir=none", PACKAGE)).modules[0].error;
}

// deno-lint-ignore no-explicit-any -- JSON that Deno prints
async function denoInfo(...args: string[]): Promise<any> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...args],
    env: { DENO_NO_PACKAGE_JSON: "1" },
    stderr: "null",
  });
  return JSON.parse(new TextDecoder().decode((await command.output()).stdout));
}

function offline(cache: string): Record<string, string> {
  return { DENO_DIR: `${cache}/deno`, NPM_CONFIG_REGISTRY: UNREACHABLE };
}

/** Runs a program that squares numbers, with all drivers hidden and an own cache; `report` is what it found. */
function runWithoutDrivers(
  { cache, flags = ["run", "-A"], env = {}, files = ["main.js"], wrapper = [] }: {
    cache: string;
    flags?: string[];
    env?: Record<string, string>;
    files?: string[];
    wrapper?: string[];
  },
  // deno-lint-ignore no-explicit-any -- JSON that the program below prints
): Promise<{ code: number; errors: string; report: any }> {
  const program = `
    import { requestAdapter } from ${JSON.stringify(import.meta.resolve("../src/adapter.ts"))};
    ${square}
    const lines = [];
    const { adapter, kind, description } = await requestAdapter({ announce: (line) => lines.push(line) });
    console.log(JSON.stringify({ kind, description, lines, squares: await square(adapter) }));
    Deno.test?.("it computes", () => {});`;
  return inFolder(async (folder) => {
    for (const file of files) await Deno.writeTextFile(`${folder}/${file}`, program);
    const [executable, ...args] = [...wrapper, Deno.execPath(), ...flags, ...files.map((file) => `${folder}/${file}`)];
    const { code, stdout, stderr } = await new Deno.Command(executable, {
      args,
      env: { ...NO_DRIVERS, XDG_CACHE_HOME: cache, TMPDIR: cache, DENO_DIR: denoDir, NO_COLOR: "1", ...env },
    }).output();
    const reports = new TextDecoder().decode(stdout).split("\n").filter((line) => line.startsWith("{"));
    assert(reports.length <= files.length);
    return { code, errors: new TextDecoder().decode(stderr), report: JSON.parse(reports.at(-1) ?? "null") };
  });
}

function testWithoutDrivers(name: string, body: (cache: string) => Promise<void>): void {
  Deno.test({
    name: name + withoutDrivers.suffix,
    ignore: withoutDrivers.ignore,
    fn: () => inFolder(body),
  });
}

testWithoutDrivers(
  "requestAdapter() fetches a driver once where none is installed, and computes on it",
  async (cache) => {
    const first = await runWithoutDrivers({ cache });
    assertEquals(first.code, 0, first.errors);
    assertEquals(first.report.kind, "bundled");
    assertStringIncludes(first.report.description, "SwiftShader");
    assertEquals(first.report.lines.length, 1);
    assertStringIncludes(first.report.lines[0], "68 MB to download");
    assertEquals(first.report.squares, SQUARES);

    const second = await runWithoutDrivers({ cache, env: offline(cache) });
    assertEquals(second.code, 0, second.errors);
    assertEquals(second.report.squares, SQUARES);
    assert(!second.report.lines[0].includes("download"), second.report.lines[0]);
  },
);

testWithoutDrivers("requestAdapter() replaces a damaged bundled driver and never loads it", async (cache) => {
  assertEquals((await runWithoutDrivers({ cache })).code, 0);
  const library = `${cache}/weft/swiftshader-147.0.0/libvk_swiftshader.so`;
  const { size } = await Deno.stat(library);
  await Deno.truncate(library, size / 2);

  const refused = await runWithoutDrivers({ cache, env: offline(cache) });
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.errors, "Cannot request a GPU adapter: no usable driver found");
  assertStringIncludes(refused.errors, `Failed loading ${UNREACHABLE}`);
  assertStringIncludes(refused.errors, INSTALL);

  const repaired = await runWithoutDrivers({ cache });
  assertEquals(repaired.code, 0, repaired.errors);
  assertEquals(repaired.report.squares, SQUARES);
  assertEquals((await Deno.stat(library)).size, size);
});

testWithoutDrivers("requestAdapter() serves every test file of one process", async (cache) => {
  const { code, errors, report } = await runWithoutDrivers({
    flags: ["test", "-A", "--no-check"],
    cache,
    files: ["a_test.js", "b_test.js"],
  });
  assertEquals(code, 0, errors);
  assertEquals(report.kind, "bundled");
  assertEquals(report.squares, SQUARES);
  assertEquals(report.lines, []);
});

testWithoutDrivers("requestAdapter() names the permissions that the bundled driver needs", async (cache) => {
  const { code, errors } = await runWithoutDrivers({
    flags: ["run", "--no-prompt", "--allow-read", "--allow-env"],
    cache,
    wrapper: ["env", "-u", WIDTH_VARIABLE],
  });
  assertEquals(code, 1, errors);
  assertStringIncludes(errors, "the bundled one needs --allow-ffi --allow-write --allow-run");
  assertStringIncludes(errors, INSTALL);
});

/** Covers every Vulkan and EGL library with an empty file, for one command, in a mount namespace of its own. */
const HIDE_LIBRARIES = [
  "unshare",
  "--map-root-user",
  "--mount",
  "sh",
  "-ec",
  `find -L /usr/lib /usr/lib64 -name 'libvulkan*' -o -name 'libEGL*' 2>/dev/null | while read -r library; do
    mount --bind /dev/null "$library"
  done
  unset ${Object.keys(NO_DRIVERS).join(" ")}
  exec "$@"`,
  "sh",
];

async function canHideLibraries(): Promise<boolean> {
  try {
    const [executable, ...args] = [...HIDE_LIBRARIES, "true"];
    return (await new Deno.Command(executable, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

if (isPackaged && await canHideLibraries()) {
  testWithoutDrivers("requestAdapter() computes where the loaders themselves are absent", async (cache) => {
    const { code, errors, report } = await runWithoutDrivers({
      cache,
      wrapper: HIDE_LIBRARIES,
    });
    assertEquals(code, 0, errors);
    assertEquals(report.kind, "bundled");
    assertEquals(report.squares, SQUARES);
  });
} else {
  Deno.test.ignore("requestAdapter() computes where the loaders are absent (skipped: no mount namespaces)", () => {});
}
