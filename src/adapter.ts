/**
 * Finds a GPU adapter on whatever machine this is. Tried in order: hardware, an installed software Vulkan driver,
 * OpenGL through EGL, and last SwiftShader, a Vulkan driver for the CPU that ships inside an npm package.
 *
 * Deno looks for drivers at the first `navigator.gpu.requestAdapter()` of a thread and never again. So a throw-away
 * worker asks first, and where it finds nothing SwiftShader is put in place before this thread asks. The package
 * is named in a subprocess's argument only: no import and no lock file makes anybody download it who has a driver.
 *
 * @module
 */
import { CACHE_FOLDER, installBundledDriver, LOADER, MANIFEST } from "./bundled_driver.ts";
import { requestDawnAdapter } from "./dawn.ts";
import type { AdapterKind, AdapterOptions, AdapterReport, FoundAdapter } from "./host/adapter_types.ts";
import { isGranted, lookIfGranted } from "./permission.ts";
import { quietly } from "./quietly.ts";
import { threadGone } from "./thread_end.ts";
import { widenVectors } from "./vector_width.ts";

export type { AdapterKind, AdapterOptions, AdapterReport, FoundAdapter } from "./host/adapter_types.ts";

const REPORTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxBindGroups",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

const REQUESTS: Record<string, GPURequestAdapterOptions> = {
  "high-performance": { powerPreference: "high-performance" },
  "low-power": { powerPreference: "low-power" },
  "fallback": { forceFallbackAdapter: true },
};

const VENDORS: Record<string, string> = {
  4098: "AMD",
  4203: "Apple",
  4318: "NVIDIA",
  5045: "Arm",
  5140: "Microsoft",
  6880: "Google",
  20803: "Qualcomm",
  32902: "Intel",
  65541: "Mesa",
};

/** Names the maker of an adapter, which some drivers tell as a number. */
export function nameVendor(vendor: string): string {
  return VENDORS[vendor] ?? vendor;
}

let preparation: Promise<void> | undefined;
let threadToldMs = -Infinity;

/**
 * Finds the best adapter that can run compute shaders, fetching the bundled driver where nothing is installed.
 *
 * The bundled driver exists for Linux on x86-64 only. The variables that point the Vulkan loader at it stay set, so
 * that workers and subprocesses find the same adapter. Permissions that are not granted are never asked for: the
 * steps that need them are left out.
 *
 * @throws {Error} If there is no adapter; the message names the command that installs a driver on this system.
 */
export async function requestAdapter(options: AdapterOptions = {}): Promise<FoundAdapter> {
  if (options.backend === "dawn") return await requestDawnAdapter(options);
  for await (const { adapter } of reachableAdapters(options)) {
    if (!isUsable(adapter)) continue;
    const kind = kindOf(adapter);
    return { adapter, kind, description: describe(adapter, kind) };
  }
  throw await unavailable();
}

/**
 * Lists every adapter that a request leads to, the bundled one only where there is no other.
 *
 * @throws {Error} If there is no adapter; the message names the command that installs a driver on this system.
 */
export async function listAdapters(options: AdapterOptions = {}): Promise<AdapterReport[]> {
  const reports = new Map<string, AdapterReport>();
  for await (const { adapter, requestedAs } of reachableAdapters(options)) {
    const { vendor, device, description } = adapter.info;
    const key = [vendor, device, description, backendOf(adapter)].join("\n");
    const known = reports.get(key);
    if (known) known.requestedAs.push(requestedAs);
    else reports.set(key, reportOf(adapter, requestedAs));
  }
  if (reports.size === 0) throw await unavailable();
  return [...reports.values()];
}

async function* reachableAdapters(
  options: AdapterOptions,
): AsyncGenerator<{ adapter: GPUAdapter; requestedAs: string }> {
  await prepare(options);
  for (const [requestedAs, request] of Object.entries(REQUESTS)) {
    const adapter = await quietly(() => navigator.gpu.requestAdapter(request));
    if (adapter) yield { adapter, requestedAs };
  }
}

function reportOf(adapter: GPUAdapter, requestedAs: string): AdapterReport {
  const { vendor, description } = adapter.info;
  return {
    requestedAs: [requestedAs],
    kind: kindOf(adapter),
    backend: backendOf(adapter),
    vendor: nameVendor(vendor),
    description,
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(REPORTED_LIMITS.map((name) => [name, Number(adapter.limits[name])])),
  };
}

/** Tells an adapter that the kernels can run on from an OpenGL one of before compute shaders. */
function isUsable({ limits }: GPUAdapter): boolean {
  return limits.maxComputeInvocationsPerWorkgroup >= 256 && limits.maxStorageBuffersPerShaderStage >= 8;
}

/** Deno does not name the backend, but through OpenGL it cannot know the subgroup size: it reports the full range. */
function backendOf({ info, features }: GPUAdapter): AdapterReport["backend"] {
  if (Deno.build.os === "darwin") return "metal";
  if (Deno.build.os === "windows") return undefined;
  const { subgroupMinSize, subgroupMaxSize } = info;
  const isGl = subgroupMinSize === 4 && subgroupMaxSize === 128 && !features.has("bgra8unorm-storage");
  return isGl ? "gl" : "vulkan";
}

function kindOf(adapter: GPUAdapter): AdapterKind {
  if (!adapter.info.isFallbackAdapter) return "hardware";
  if (Deno.build.os === "windows") return "dx12-software";
  if (backendOf(adapter) === "gl") return "gl-software";
  return isBundledInUse() ? "bundled" : "vulkan-software";
}

/** Tells whether this process, or one that started it, has put the bundled driver in place. */
function isBundledInUse(): boolean {
  const manifest = isGranted({ name: "env" }) ? Deno.env.get("VK_DRIVER_FILES") : undefined;
  return manifest?.endsWith(`/${CACHE_FOLDER}/${MANIFEST}`) ?? false;
}

function describe(adapter: GPUAdapter, kind: AdapterKind): string {
  const name = adapter.info.description || `adapter of vendor ${nameVendor(adapter.info.vendor)}`;
  const how: Record<AdapterKind, string> = {
    "hardware": backendOf(adapter) ?? "hardware",
    "vulkan-software": "on the CPU through Vulkan",
    "gl-software": "on the CPU through OpenGL",
    "dx12-software": "on the CPU through Direct3D 12",
    "bundled": "on the CPU, bundled with Weft",
  };
  return `${name} (${how[kind]})`;
}

/** Makes sure that this thread's first request succeeds; a failure is forgotten, so that the next call tries again. */
function prepare({ announce }: AdapterOptions): Promise<void> {
  preparation ??= prepareOnce(announce).catch((error) => {
    preparation = undefined;
    throw error;
  });
  return preparation;
}

async function prepareOnce(announce?: (line: string) => void): Promise<void> {
  widenVectors();
  if (Deno.build.os !== "linux" || await quietly(workerFindsAdapter)) return;
  if (Deno.build.arch !== "x86_64") throw await unavailable();
  const missing = (["ffi", "env", "read", "write", "run"] as const).filter((name) => !isGranted({ name }));
  if (missing.length > 0) {
    throw await unavailable(`the bundled one needs ${missing.map((name) => `--allow-${name}`).join(" ")}`);
  }
  try {
    await loadBundledDriver(announce);
  } catch (error) {
    throw await unavailable(`the bundled one cannot be loaded (${(error as Error).message})`);
  }
}

/** Asks in a thread of its own, because the answer, once given to a thread, stays. */
async function workerFindsAdapter(): Promise<boolean> {
  const source = `
    ${isUsable}
    let found = false;
    for (const request of ${JSON.stringify(Object.values(REQUESTS))}) {
      const adapter = await navigator.gpu.requestAdapter(request);
      found ||= adapter !== null && isUsable(adapter);
    }
    postMessage(found);`;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`Cannot look for a GPU adapter: ${event.message}`));
      };
    });
  } finally {
    worker.terminate();
    threadToldMs = performance.now();
  }
}

/**
 * Loads the Vulkan loader of the package, so that the name under which wgpu opens it is taken whether or not the
 * system has one, and points it, or the system's, at SwiftShader.
 */
async function loadBundledDriver(announce?: (line: string) => void): Promise<void> {
  const folder = await installBundledDriver(isBundledInUse() ? undefined : announce);
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) Deno.env.set(name, `${folder}/${MANIFEST}`);
  const library = Deno.dlopen(`${folder}/${LOADER}`, {});
  try {
    const adapter = await quietly(() => navigator.gpu.requestAdapter());
    const backend = Deno.env.get("DENO_WEBGPU_BACKEND");
    if (!adapter) {
      throw new Error(backend ? `DENO_WEBGPU_BACKEND is "${backend}"` : "another request came before Weft's");
    }
  } finally {
    library.close();
  }
}

/** Says why there is no adapter once the thread that looked for one has ended: the program may end now. */
async function unavailable(reason?: string): Promise<Error> {
  await threadGone(threadToldMs);
  return new Error(
    `Cannot request a GPU adapter: no usable driver found${reason ? `, and ${reason}` : ""}; ${advice()}`,
  );
}

/** Names the one command that installs a driver on this system. */
function advice(): string {
  if (Deno.build.os === "darwin") return "Metal comes with the system, so update it: softwareupdate --install --all";
  if (Deno.build.os === "windows") return "drivers come with Windows Update: start ms-settings:windowsupdate";
  const debian = "apt-get install -y mesa-vulkan-drivers";
  const fedora = "dnf install -y mesa-vulkan-drivers";
  const release = lookIfGranted("/etc/os-release", "", Deno.readTextFileSync);
  if (/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release)) return `install one with: ${debian}`;
  if (/^ID(_LIKE)?=.*(fedora|rhel)/m.test(release)) return `install one with: ${fedora}`;
  return `install one with: ${debian} (Debian, Ubuntu) or ${fedora} (Fedora)`;
}
