/**
 * Adapters of Dawn, Chrome's implementation of WebGPU, as an addon out of an npm package (21 to 39 MB a system).
 *
 * The package is named in a variable, so that nobody downloads it who does not ask for it.
 *
 * @module
 */
import { installBundledDriver, LOADER, MANIFEST } from "./bundled_driver.ts";
import type { AdapterOptions, FoundAdapter } from "./host/adapter_types.ts";
import { quietly } from "./quietly.ts";

const PACKAGE = "npm:webgpu@0.6.2";

/** What the package exports. */
interface Dawn {
  /** Makes an instance, which holds what its adapters need. */
  create(options: readonly string[]): GPU;
}

/** Times of kernels are told as the device measures them, instead of in steps of 100 µs as pages get them. */
const FLAGS = ["disable-dawn-features=timestamp_quantization"];

/** Variables that name drivers to the Vulkan loader. */
const DRIVER_VARIABLES = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

// Instances live as long as the program: adapters and devices go on to use theirs.
const instances: GPU[] = [];

/**
 * Finds the best adapter of Dawn: a GPU, or else SwiftShader on the processor, which is fetched where it has to be. Dawn
 * refuses Mesa's driver for the processor. Its devices need not be destroyed, and must not be while the process ends, as
 * in a handler of `unload`: that crashes the addon.
 *
 * @throws {Error} when the addon cannot be loaded, or finds no adapter
 */
export async function requestDawnAdapter({ announce }: AdapterOptions): Promise<FoundAdapter> {
  const dawn = await load();
  const found = await ask(dawn);
  if (found) return describe(found);
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    throw new Error("Cannot request an adapter of Dawn: there must be a GPU with a driver, received none");
  }
  const folder = await installBundledDriver(announce);
  const before = DRIVER_VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of DRIVER_VARIABLES) Deno.env.set(name, `${folder}/${MANIFEST}`);
  // The loader of the package takes the name under which Dawn opens one, whether or not the system has one.
  const library = Deno.dlopen(`${folder}/${LOADER}`, {});
  try {
    const software = await ask(dawn);
    if (software) return describe(software);
    throw new Error("Cannot request an adapter of Dawn: SwiftShader must load, received no adapter");
  } finally {
    library.close();
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

async function load(): Promise<Dawn> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    throw new Error(`Cannot load Dawn: ${PACKAGE} must load, received ${(error as Error).message}`, { cause: error });
  }
}

async function ask(dawn: Dawn): Promise<GPUAdapter | null> {
  const instance = dawn.create(FLAGS);
  instances.push(instance);
  return await quietly(() => instance.requestAdapter({ powerPreference: "high-performance" }));
}

function describe(adapter: GPUAdapter): FoundAdapter {
  const { description, isFallbackAdapter, vendor } = adapter.info;
  const where = isFallbackAdapter ? "on the CPU through Dawn" : "through Dawn";
  return {
    adapter,
    kind: isFallbackAdapter ? "bundled" : "hardware",
    description: `${description || `adapter of vendor ${vendor}`} (${where})`,
  };
}
