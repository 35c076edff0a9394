/** Placeholder. */
import type { Dispatch } from "./kernel.ts";
export interface Profiler {
  encode(
    encoder: GPUCommandEncoder,
    dispatches: readonly Dispatch[],
    one: (pass: GPUComputePassEncoder, dispatch: Dispatch) => void,
  ): void;
  resolve(encoder: GPUCommandEncoder): void;
}
