/**
 * Averages of weights, kept beside them on the device.
 *
 * @module
 */
import average from "../../../shaders/train/average.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/device.ts";
import { type Dispatch, prepare } from "../../gpu/kernel.ts";
import { createBuffer, requireAllocated, writeBuffer } from "../../gpu/memory.ts";
import { shader } from "../../gpu/shader.ts";

/** Averages of buffers of floats. */
export class BufferAverages {
  readonly #gpu: Gpu;
  readonly #owned: readonly GPUBuffer[];
  readonly #rate: GPUBuffer;
  readonly #blend: readonly Dispatch[];
  readonly #exchange: readonly Dispatch[];

  private constructor(gpu: Gpu, owned: readonly GPUBuffer[], rate: GPUBuffer, dispatches: readonly Dispatch[][]) {
    this.#gpu = gpu;
    this.#owned = owned;
    this.#rate = rate;
    [this.#blend, this.#exchange] = dispatches;
  }

  /**
   * Allocates an average for each buffer, zero filled, and compiles the kernels.
   *
   * @throws {GpuError} when the device has too little memory
   */
  static async create(gpu: Gpu, buffers: readonly GPUBuffer[]): Promise<BufferAverages> {
    const averages = buffers.map(({ label, size }) => createBuffer(gpu, `${label}.average`, size));
    const rate = createBuffer(gpu, "average.rate", 4);
    const owned = [...averages, rate];
    const made: Dispatch[] = [];
    try {
      await requireAllocated(owned);
      const entries = ["blend", "exchange"].map(async (entry) => {
        return await Promise.all(buffers.map(async (weights, i) => {
          const lanes = weights.size / 16;
          const dispatch = await prepare(gpu, {
            shader: shader("average", { grid, average }),
            entry,
            bind: { weights: { buffer: weights }, average: { buffer: averages[i] }, rate: { buffer: rate } },
            params: { lanes },
            grid: Math.ceil(lanes / 64),
          });
          made.push(dispatch);
          return dispatch;
        }));
      });
      return new BufferAverages(gpu, owned, rate, await Promise.all(entries));
    } catch (error) {
      for (const buffer of owned) buffer.destroy();
      for (const { params } of made) params?.destroy();
      throw error;
    }
  }

  /** Moves the averages towards the weights: `average += rate (weights - average)`. */
  blend(rate: number): void {
    writeBuffer(this.#gpu, this.#rate, Float32Array.of(rate));
    this.#run("average weights", this.#blend);
  }

  /** Has weights and averages change places. */
  exchange(): void {
    this.#run("exchange averages", this.#exchange);
  }

  /** Releases the averages. */
  destroy(): void {
    for (const buffer of this.#owned) buffer.destroy();
    for (const { params } of [...this.#blend, ...this.#exchange]) params?.destroy();
  }

  #run(action: string, dispatches: readonly Dispatch[]): void {
    this.#gpu.check();
    this.#gpu.perform(action, (device) => {
      const encoder = device.createCommandEncoder({ label: action });
      const pass = encoder.beginComputePass({ label: action });
      for (const { pipeline, group, grid } of dispatches) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...grid);
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
    });
  }
}
