/**
 * Buffers: creation with a check against the device's limits and memory, upload and download.
 *
 * @module
 */
import { describeRefusal, type Gpu } from "./device.ts";
import { GpuError } from "./error.ts";

/** Typed arrays that are moved to and from the device. */
export type Numbers = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

const refusals: WeakMap<GPUBuffer | GPUTexture, Promise<GpuError | undefined>> = new WeakMap();

/**
 * Makes a buffer or texture, about which {@linkcode requireAllocated} tells whether the device had room for it.
 *
 * @param what what it is, for errors, such as `buffer "losses"`
 */
export function allocate<T extends GPUBuffer | GPUTexture>(
  gpu: Gpu,
  what: string,
  bytes: number,
  make: (device: GPUDevice) => T,
): T {
  const { result, refusal } = gpu.observe(make);
  const named = refusal.then((cause) =>
    cause && new GpuError(`Cannot create ${what} of ${bytes} bytes: ${describeRefusal(cause)}`, { cause })
  );
  refusals.set(result, named);
  return result;
}

/**
 * Waits until the device has said whether it had room for all of some buffers and textures; nothing is to be read or
 * written before.
 *
 * @throws {GpuError} when it had not; the message names the first one without room and its bytes
 */
export async function requireAllocated(resources: Iterable<GPUBuffer | GPUTexture>): Promise<void> {
  const errors = await Promise.all(Array.from(resources, (resource) => refusals.get(resource)));
  const error = errors.find((error) => error !== undefined);
  if (error) throw error;
}

/**
 * Creates a storage buffer, zero filled.
 *
 * @param bytes length in bytes; rounded up to a multiple of 16
 * @throws {GpuError} when the length is past the device's limit
 */
export function createBuffer(gpu: Gpu, label: string, bytes: number): GPUBuffer {
  const size = Math.max(16, Math.ceil(bytes / 16) * 16);
  const limit = gpu.device.limits.maxBufferSize;
  if (size > limit) {
    throw new GpuError(`Cannot create buffer "${label}": the device allows ${limit} bytes, received ${size}`);
  }
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return allocate(gpu, `buffer "${label}"`, size, (device) => device.createBuffer({ label, size, usage }));
}

/** Creates a storage buffer that holds `data`. */
export function upload(gpu: Gpu, label: string, data: Numbers): GPUBuffer {
  const buffer = createBuffer(gpu, label, data.byteLength);
  writeBuffer(gpu, buffer, data);
  return buffer;
}

/** Bytes handed to one write; larger arrays go in pieces so that staging stays small. */
const WRITE_BYTES = 1 << 26;

/** Copies `data` into `buffer` from byte `offset` on. */
export function writeBuffer(gpu: Gpu, buffer: GPUBuffer, data: Numbers, offset = 0): void {
  gpu.perform(`write buffer "${buffer.label}"`, ({ queue }) => {
    // A view may be of memory that threads share, which runtimes do not take as it is.
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      queue.writeBuffer(buffer, offset + at, bytes, at, Math.min(WRITE_BYTES, bytes.length - at));
    }
  });
}

/** Parts of buffers on their way back: copied on the device one after the other, then read at once. */
export class Readback {
  readonly #gpu: Gpu;
  readonly #label: string;
  readonly #bytes: number;
  readonly #staging: GPUBuffer;
  readonly #refusals: Promise<GPUError | undefined>[] = [];

  /**
   * Makes room for `bytes` bytes.
   *
   * @throws {GpuError} when the device has failed
   */
  constructor(gpu: Gpu, label: string, bytes: number) {
    gpu.check();
    this.#gpu = gpu;
    this.#label = label;
    this.#bytes = bytes;
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const descriptor = { label: `${label}.staging`, size, usage };
    this.#staging = allocate(gpu, `buffer "${descriptor.label}"`, size, (device) => device.createBuffer(descriptor));
  }

  /** Copies `bytes` bytes of a buffer from `offset` on to position `at`, as they are after what was submitted so far. */
  copy(buffer: GPUBuffer, bytes: number, offset = 0, at = 0): void {
    if (bytes === 0) return;
    const { refusal } = this.#gpu.observe((device) => {
      const encoder = device.createCommandEncoder({ label: `${this.#label}.read` });
      encoder.copyBufferToBuffer(buffer, offset, this.#staging, at, Math.ceil(bytes / 4) * 4);
      device.queue.submit([encoder.finish()]);
    });
    this.#refusals.push(refusal);
  }

  /**
   * Returns the bytes once the device has copied them, and releases the room. The wait begins with the call, so that
   * more work can be submitted before it is awaited.
   *
   * @throws {GpuError} when the device has failed or had no room
   */
  async read(): Promise<ArrayBuffer> {
    if (this.#bytes === 0) {
      this.destroy();
      return new ArrayBuffer(0);
    }
    try {
      const { result: mapped, refusal } = this.#gpu.observe(() => this.#staging.mapAsync(GPUMapMode.READ));
      const [outcome] = await Promise.allSettled([mapped]);
      await requireAllocated([this.#staging]);
      const refused = (await Promise.all([...this.#refusals, refusal])).find((error) => error !== undefined);
      this.#gpu.check();
      if (refused || outcome.status === "rejected") {
        const cause = refused ?? (outcome as PromiseRejectedResult).reason;
        throw new GpuError(`Cannot read buffer "${this.#label}": ${cause?.message ?? cause}`, { cause });
      }
      const copy = this.#staging.getMappedRange().slice(0, this.#bytes);
      this.#staging.unmap();
      return copy;
    } finally {
      this.destroy();
    }
  }

  /** Releases the room without reading. */
  destroy(): void {
    this.#staging.destroy();
  }
}

/**
 * Reads `bytes` bytes of a buffer from `offset` on, as they are at the call; costs one wait for the queue.
 *
 * @throws {GpuError} when the device has failed
 */
export async function download(gpu: Gpu, buffer: GPUBuffer, bytes = buffer.size, offset = 0): Promise<ArrayBuffer> {
  const readback = new Readback(gpu, buffer.label, bytes);
  readback.copy(buffer, bytes, offset);
  return await readback.read();
}
