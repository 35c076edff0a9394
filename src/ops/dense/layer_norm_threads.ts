/**
 * Threads that share a sample of a normalization.
 *
 * @module
 */
import source from "../../../shaders/dense/layer_norm_threads.wgsl" with { type: "text" };

/** Threads of a workgroup, and lanes of a sample that each of them takes at most. */
const THREADS = { all: 256, lanes: 4 };

/** Threads that share a sample at most. */
const MOST_SHARED = 64;

/** Returns whether threads that share a sample of so many lanes hold all of them. */
export function sharesSamples(lanes: number): boolean {
  return threadsOf(lanes) <= MOST_SHARED;
}

function threadsOf(lanes: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(lanes / THREADS.lanes)));
}

/** What a kernel is built with whose threads share samples. */
export interface SharedThreads {
  /** Part of the shader by file. */
  readonly part: Record<string, string>;
  readonly constants: { readonly THREADS: number };
  /** Workgroups that all samples take. */
  readonly groups: number;
}

/** Returns what a kernel is built with whose threads share samples of so many lanes. */
export function sharedThreads(samples: number, lanes: number): SharedThreads {
  const count = threadsOf(lanes);
  const part = { layer_norm_threads: source };
  return { part, constants: { THREADS: count }, groups: Math.ceil(samples * count / THREADS.all) };
}
