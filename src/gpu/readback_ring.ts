/**
 * Small results read back over and over, without an allocation for each.
 *
 * @module
 */
import { describeRefusal, type Gpu } from "./device.ts";
import { GpuError } from "./error.ts";
import { allocate, requireAllocated } from "./memory.ts";

/** A part of a buffer, and where it goes. */
export interface ReadPart {
  /** Buffer that is read. */
  readonly buffer: GPUBuffer;
  /** Bytes, a multiple of 4. */
  readonly bytes: number;
  /** First byte in the buffer. */
  readonly offset: number;
  /** First byte in the result. */
  readonly at: number;
}

/** Options of a {@linkcode ReadbackRing}. */
export interface ReadbackRingOptions {
  /** Most bytes of a result. */
  readonly bytes: number;
  /**
   * Whether results are taken as soon as the device has them, instead of when the runtime says so. Deno waits for the
   * device as it is asked to map a buffer, and lets another 10 ms pass before it tells; a runtime that does not wait
   * throws, and is then asked the usual way.
   */
  readonly isEager: boolean;
}

/** A buffer that is ready to take a result. */
export interface ReadSlot {
  /** Copies parts of buffers as they are after what was submitted so far. */
  copy(parts: readonly ReadPart[]): void;
  /**
   * Copies further parts, and returns all of them once they are back. The copies are submitted before the call returns.
   *
   * @throws {GpuError} when the device has failed
   */
  read(parts?: readonly ReadPart[]): Promise<ArrayBuffer>;
  /** Gives the buffer back unread. */
  release(): void;
}

/** What was copied into a buffer. */
interface Copies {
  /** Bytes up to the end of the last part. */
  end: number;
  /** What becomes of the copies. */
  readonly refusals: Promise<GPUError | undefined>[];
}

/** Buffers for results, taken in turns. */
export class ReadbackRing {
  readonly #gpu: Gpu;
  readonly #label: string;
  readonly #options: ReadbackRingOptions;
  readonly #free: GPUBuffer[] = [];
  readonly #all: Set<GPUBuffer> = new Set();

  /** Makes a ring without buffers; each is made when it is first needed. */
  constructor(gpu: Gpu, label: string, options: ReadbackRingOptions) {
    this.#gpu = gpu;
    this.#label = label;
    this.#options = options;
  }

  /**
   * Takes a buffer.
   *
   * @throws {GpuError} when the device has failed or has too little memory
   */
  async take(): Promise<ReadSlot> {
    this.#gpu.check();
    const buffer = this.#free.pop() ?? await this.#make();
    const copies: Copies = { end: 0, refusals: [] };
    return {
      copy: (parts) => this.#copy(buffer, parts, copies),
      read: (parts = []) => {
        if (parts.length > 0) this.#copy(buffer, parts, copies);
        return this.#read(buffer, copies);
      },
      release: () => void this.#free.push(buffer),
    };
  }

  /** Releases all buffers; no read may be under way. */
  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
  }

  async #make(): Promise<GPUBuffer> {
    const size = Math.ceil(this.#options.bytes / 16) * 16;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const descriptor = { label: `${this.#label}.readback`, size, usage };
    const make = (device: GPUDevice) => device.createBuffer(descriptor);
    const buffer = allocate(this.#gpu, `buffer "${descriptor.label}"`, size, make);
    this.#all.add(buffer);
    await requireAllocated([buffer]);
    // Deno ends the process when a buffer that was never mapped is read too early.
    await buffer.mapAsync(GPUMapMode.READ);
    buffer.unmap();
    return buffer;
  }

  #copy(buffer: GPUBuffer, parts: readonly ReadPart[], copies: Copies): void {
    copies.end = Math.max(copies.end, ...parts.map(({ at, bytes }) => at + bytes));
    const { refusal } = this.#gpu.observe((device) => {
      const encoder = device.createCommandEncoder({ label: `${this.#label}.read` });
      for (const { buffer: from, offset, bytes, at } of parts) {
        encoder.copyBufferToBuffer(from, offset, buffer, at, bytes);
      }
      device.queue.submit([encoder.finish()]);
    });
    copies.refusals.push(refusal);
  }

  async #read(buffer: GPUBuffer, { end, refusals }: Copies): Promise<ArrayBuffer> {
    const { result: mapped, refusal } = this.#gpu.observe(() => buffer.mapAsync(GPUMapMode.READ, 0, end));
    const copied = this.#options.isEager ? copyNow(buffer, end) : undefined;
    // The buffer is free at once: 10 ms later, fast callers would have used up the others, and wait for a new one.
    if (copied) this.#free.push(buffer);
    const released = mapped.then(() => {
      if (copied) return copied;
      const copy = buffer.getMappedRange(0, end).slice(0);
      buffer.unmap();
      this.#free.push(buffer);
      return copy;
    });
    // Nobody waits for the promise once the numbers are there, and a runtime may reject it for the early unmapping.
    released.catch(() => {});
    const refused = (await Promise.all([...refusals, refusal])).find((error) => error !== undefined);
    this.#gpu.check();
    if (refused) throw this.#failure(describeRefusal(refused), refused);
    if (copied) return copied;
    try {
      return await released;
    } catch (error) {
      this.#gpu.check();
      throw this.#failure((error as Error).message, error);
    }
  }

  #failure(what: string, cause: unknown): GpuError {
    return new GpuError(`Cannot read buffer "${this.#label}": ${what}`, { cause });
  }
}

/** Returns what a buffer holds and unmaps it, if it is mapped already. */
function copyNow(buffer: GPUBuffer, bytes: number): ArrayBuffer | undefined {
  try {
    const copy = buffer.getMappedRange(0, bytes).slice(0);
    buffer.unmap();
    return copy;
  } catch {
    return undefined;
  }
}
