/**
 * The width of the vectors that Mesa's software driver computes with.
 *
 * It takes 256 bits unless told otherwise, which halves what processors with AVX-512 can do.
 *
 * @module
 */

/** Mesa's variable, in bits. */
export const WIDTH_VARIABLE = "LP_NATIVE_VECTOR_WIDTH";

const CPU_FILE = "/proc/cpuinfo";

/** The parts of AVX-512 that the driver's code generator draws on. */
const NEEDED = ["avx512f", "avx512bw", "avx512dq", "avx512vl"];

/**
 * Tells the driver to use vectors of 512 bits where the processor has them and nobody has chosen a width.
 *
 * The driver must not have been loaded yet. The variable stays set, so that workers and subprocesses compute alike.
 */
export function widenVectors(): void {
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "env" }).state !== "granted") return;
  if (Deno.env.has(WIDTH_VARIABLE) || !hasWideVectors(readCpu())) return;
  Deno.env.set(WIDTH_VARIABLE, "512");
}

/** Returns whether all processors that Linux lists have AVX-512. */
export function hasWideVectors(cpuinfo: string): boolean {
  const flags = [...cpuinfo.matchAll(/^flags\s*:(.*)$/gm)].map(([, line]) => new Set(line.trim().split(/\s+/)));
  return flags.length > 0 && flags.every((known) => NEEDED.every((flag) => known.has(flag)));
}

function readCpu(): string {
  if (Deno.permissions.querySync({ name: "read", path: CPU_FILE }).state !== "granted") return "";
  try {
    return Deno.readTextFileSync(CPU_FILE);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
