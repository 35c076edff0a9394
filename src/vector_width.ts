/**
 * The width of the vectors that Mesa's software driver computes with.
 *
 * It takes 256 bits unless told otherwise, which halves what processors with AVX-512 can do. Up to Mesa 22 its code for 512
 * bits is good; that of Mesa 25 goes through the lanes one by one where a subgroup shares a value.
 *
 * @module
 */

import { isGranted, lookIfGranted } from "./permission.ts";

/** Mesa's variable, in bits. */
export const WIDTH_VARIABLE = "LP_NATIVE_VECTOR_WIDTH";

const CPU_FILE = "/proc/cpuinfo";

/** The parts of AVX-512 that the driver's code generator draws on. */
const NEEDED = ["avx512f", "avx512bw", "avx512dq", "avx512vl"];

/** Variables that name drivers' manifests in place of the folders. */
const MANIFEST_VARIABLES = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

const MANIFEST_FOLDERS = ["/usr/local/share", "/usr/share", "/etc"].map((parent) => `${parent}/vulkan/icd.d`);

/** Number of the Vulkan headers that Mesa 22.3 was built with. */
const LAST_HEADERS = 230;

/**
 * Tells the driver to use vectors of 512 bits where the processor has them, the driver gains by it and nobody has chosen a
 * width.
 *
 * The driver must not have been loaded yet. The variable stays set, so that workers and subprocesses compute alike.
 */
export function widenVectors(): void {
  if (Deno.build.os !== "linux" || !isGranted({ name: "env" }) || Deno.env.has(WIDTH_VARIABLE)) return;
  if (hasWideVectors(read(CPU_FILE)) && isOld(manifestFiles().map(read))) Deno.env.set(WIDTH_VARIABLE, "512");
}

/** Returns whether all processors that Linux lists have AVX-512. */
export function hasWideVectors(cpuinfo: string): boolean {
  const flags = [...cpuinfo.matchAll(/^flags\s*:(.*)$/gm)].map(([, line]) => new Set(line.trim().split(/\s+/)));
  return flags.length > 0 && flags.every((known) => NEEDED.every((flag) => known.has(flag)));
}

/** Returns whether drivers' manifests are all of Mesa 22.3 or before. */
export function isOld(manifests: readonly string[]): boolean {
  const headers = manifests.map((text) => Number(/"api_version"\s*:\s*"\d+\.\d+\.(\d+)"/.exec(text)?.[1]));
  return headers.length > 0 && headers.every((number) => number <= LAST_HEADERS);
}

/** Returns the manifests of Mesa's software driver. */
function manifestFiles(): string[] {
  const named = MANIFEST_VARIABLES.map((name) => Deno.env.get(name)).find((value) => value);
  const files = named?.split(":") ??
    MANIFEST_FOLDERS.flatMap((folder) => list(folder).map((name) => `${folder}/${name}`));
  return files.filter((file) => /\/lvp_icd[^/]*\.json$/.test(file));
}

function read(file: string): string {
  return lookIfGranted(file, "", Deno.readTextFileSync);
}

function list(folder: string): string[] {
  return lookIfGranted(folder, [], () => [...Deno.readDirSync(folder)].map(({ name }) => name));
}
