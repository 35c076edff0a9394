/**
 * Time per kernel by timestamp queries, with the bandwidth and arithmetic rate that it amounts to.
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { GpuError } from "./error.ts";
import { encodeCopy, type ImageCopy, TEXEL_BYTES } from "./image.ts";
import type { Dispatch } from "./kernel.ts";
import { download } from "./memory.ts";

/** What all dispatches of one kernel took together. */
export interface KernelTime {
  /** Shader and entry point, for example `batch_norm.normalize`. */
  readonly label: string;
  /** Dispatches. */
  readonly calls: number;
  /** Time of all dispatches in ms. */
  readonly totalMs: number;
  /** Mean time of a dispatch in ms. */
  readonly eachMs: number;
  /** Share of the time of all kernels, in [0, 1]. */
  readonly share: number;
  /** Bytes of all bound ranges over the time, in 1e9 bytes/s: an upper bound, for a kernel may read less than it binds. */
  readonly gbPerSecond: number;
  /** Operations over the time, in 1e9/s, for kernels that state theirs. */
  readonly gflopPerSecond: number | undefined;
}

interface Sum {
  calls: number;
  ns: number;
  bytes: number;
  flops: number | undefined;
}

/** Timestamps of consecutive commands, two each, resolved into a buffer. */
interface Segment {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly commands: readonly Timed[];
}

interface Timed {
  readonly command: Pick<Dispatch, "label" | "bytes" | "flops"> & { readonly grid?: Dispatch["grid"] };
  readonly step: number;
}

interface TraceEvent extends Timed {
  readonly begin: bigint;
  readonly ns: number;
}

/** Queries of one set: the most that WebGPU allows. */
const SET_QUERIES = 4096;

/** Bytes of one buffer of resolved timestamps: 65,536 commands. */
const CHUNK_BYTES = 1 << 20;

/** Alignment of resolved queries in a buffer, in bytes. */
const RESOLVE_ALIGNMENT = 256;

/** Options of {@linkcode Profiler}. */
export interface ProfilerOptions {
  /** Dispatches and copies that {@linkcode Profiler.chromeTrace} keeps, the first ones; sums cover all. @default {100000} */
  traceEvents?: number;
}

/**
 * Times each dispatch of the plans that run with it, and each copy into an image.
 *
 * Each dispatch becomes a pass of its own, so a profiled step takes longer than another; nothing is waited for. Timestamps
 * stay on the device, 16 bytes a dispatch, until a report asks for them.
 */
export class Profiler implements Disposable {
  readonly #gpu: Gpu;
  readonly #traceEvents: number;
  readonly #sets: GPUQuerySet[] = [];
  readonly #sums: Map<string, Sum> = new Map();
  readonly #events: TraceEvent[] = [];
  #timed: Timed[] = [];
  #segments: Segment[] = [];
  #chunk: { buffer: GPUBuffer; used: number } | undefined;
  #steps = 0;

  /**
   * Creates a profiler of a device.
   *
   * @throws {GpuError} when the device has no timestamp queries
   */
  constructor(gpu: Gpu, { traceEvents = 100_000 }: ProfilerOptions = {}) {
    if (!gpu.device.features.has("timestamp-query")) {
      throw new GpuError(
        `Cannot profile: the device must offer the feature timestamp-query, received "${gpu.adapter.description}"`,
      );
    }
    this.#gpu = gpu;
    this.#traceEvents = traceEvents;
  }

  /**
   * Encodes one step's dispatches, each in a timed pass that `one` encodes it into; a copy goes between two empty passes.
   *
   * @internal
   */
  encode(
    encoder: GPUCommandEncoder,
    commands: readonly (Dispatch | ImageCopy)[],
    one: (pass: GPUComputePassEncoder, dispatch: Dispatch) => void,
  ): void {
    for (const command of commands) {
      const query = 2 * this.#timed.length;
      const querySet = this.#setOf(query);
      const [beginningOfPassWriteIndex, endOfPassWriteIndex] = [query % SET_QUERIES, query % SET_QUERIES + 1];
      const step = this.#steps;
      if ("to" in command) {
        const label = "image.copy";
        const mark = (writes: Omit<GPUComputePassTimestampWrites, "querySet">): void =>
          encoder.beginComputePass({ label, timestampWrites: { querySet, ...writes } }).end();
        mark({ endOfPassWriteIndex: beginningOfPassWriteIndex });
        encodeCopy(encoder, command);
        mark({ beginningOfPassWriteIndex: endOfPassWriteIndex });
        this.#timed.push({ command: { label, bytes: 2 * TEXEL_BYTES * command.texels }, step });
      } else {
        const timestampWrites = { querySet, beginningOfPassWriteIndex, endOfPassWriteIndex };
        const pass = encoder.beginComputePass({ label: command.label, timestampWrites });
        one(pass, command);
        pass.end();
        this.#timed.push({ command, step });
      }
    }
    this.#steps++;
  }

  /** Moves the timestamps of everything encoded since the last call into buffers; precedes the submit. */
  resolve(encoder: GPUCommandEncoder): void {
    for (let first = 0; first < this.#timed.length; first += SET_QUERIES / 2) {
      const commands = this.#timed.slice(first, first + SET_QUERIES / 2);
      const chunk = this.#chunkWith(16 * commands.length);
      encoder.resolveQuerySet(this.#setOf(2 * first), 0, 2 * commands.length, chunk.buffer, chunk.used);
      this.#segments.push({ buffer: chunk.buffer, offset: chunk.used, commands });
      chunk.used += Math.ceil(16 * commands.length / RESOLVE_ALIGNMENT) * RESOLVE_ALIGNMENT;
    }
    this.#timed = [];
  }

  /**
   * Reads all timestamps back and returns the time per kernel, longest first.
   *
   * @throws {GpuError} when the device has failed
   */
  async report(): Promise<KernelTime[]> {
    await this.#drain();
    const all = [...this.#sums.values()].reduce((sum, { ns }) => sum + ns, 0);
    return [...this.#sums].map(([label, { calls, ns, bytes, flops }]) => ({
      label,
      calls,
      totalMs: ns / 1e6,
      eachMs: ns / 1e6 / calls,
      share: rate(ns, all),
      gbPerSecond: rate(bytes, ns),
      gflopPerSecond: flops === undefined ? undefined : rate(flops, ns),
    })).sort((a, b) => b.totalMs - a.totalMs || (a.label < b.label ? -1 : 1));
  }

  /**
   * Reads all timestamps back and returns them as a trace that chrome://tracing and Perfetto open.
   *
   * @returns JSON text; times are in µs since the first dispatch
   * @throws {GpuError} when the device has failed
   */
  async chromeTrace(): Promise<string> {
    await this.#drain();
    const origin = this.#events.reduce(
      (least, { begin }) => begin < least ? begin : least,
      this.#events[0]?.begin ?? 0n,
    );
    const traceEvents = this.#events.map(({ command, step, begin, ns }) => ({
      name: command.label,
      cat: "gpu",
      ph: "X",
      ts: Number(begin - origin) / 1e3,
      dur: ns / 1e3,
      pid: 1,
      tid: 1,
      args: { step, grid: command.grid, bytes: command.bytes, flops: command.flops },
    }));
    return JSON.stringify({ displayTimeUnit: "ns", traceEvents });
  }

  /**
   * Reads all timestamps back and returns the time of each dispatch and copy in ms, in the order of execution, as far as
   * the trace keeps them.
   *
   * @throws {GpuError} when the device has failed
   */
  async times(): Promise<number[]> {
    await this.#drain();
    return this.#events.map(({ ns }) => ns / 1e6);
  }

  /** Releases the queries and the timestamps that no report has read. */
  destroy(): void {
    for (const set of this.#sets.splice(0)) set.destroy();
    for (const buffer of new Set(this.#segments.map((segment) => segment.buffer))) buffer.destroy();
    this.#chunk?.buffer.destroy();
    this.#chunk = undefined;
    this.#segments = [];
  }

  /** Releases everything at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  #setOf(query: number): GPUQuerySet {
    const index = Math.floor(query / SET_QUERIES);
    const descriptor = { label: `profiler${index}`, type: "timestamp", count: SET_QUERIES } as const;
    return this.#sets[index] ??= this.#gpu.perform("profile", (device) => device.createQuerySet(descriptor));
  }

  #chunkWith(bytes: number): { buffer: GPUBuffer; used: number } {
    if (!this.#chunk || this.#chunk.used + bytes > CHUNK_BYTES) {
      const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
      const descriptor = { label: "profiler", size: CHUNK_BYTES, usage };
      const buffer = this.#gpu.perform("profile", (device) => device.createBuffer(descriptor));
      this.#chunk = { buffer, used: 0 };
    }
    return this.#chunk;
  }

  async #drain(): Promise<void> {
    const segments = this.#segments;
    this.#segments = [];
    this.#chunk = undefined;
    const ends = new Map<GPUBuffer, number>();
    for (const { buffer, offset, commands } of segments) ends.set(buffer, offset + 16 * commands.length);
    const bytes = new Map<GPUBuffer, ArrayBuffer>();
    await Promise.all([...ends].map(async ([buffer, end]) => {
      bytes.set(buffer, await download(this.#gpu, buffer, end));
      buffer.destroy();
    }));
    for (const { buffer, offset, commands } of segments) {
      const times = new BigUint64Array(bytes.get(buffer)!, offset, 2 * commands.length);
      commands.forEach((timed, i) => this.#count(timed, times[2 * i], times[2 * i + 1]));
    }
  }

  #count(timed: Timed, begin: bigint, end: bigint): void {
    // A clock that is reset between two queries would give a negative time.
    const ns = end > begin ? Number(end - begin) : 0;
    const { label, bytes, flops } = timed.command;
    const sum = this.#sums.get(label) ?? { calls: 0, ns: 0, bytes: 0, flops: undefined };
    this.#sums.set(label, {
      calls: sum.calls + 1,
      ns: sum.ns + ns,
      bytes: sum.bytes + bytes,
      flops: flops === undefined ? sum.flops : (sum.flops ?? 0) + flops,
    });
    if (this.#events.length < this.#traceEvents) this.#events.push({ ...timed, begin, ns });
  }
}

function rate(amount: number, time: number): number {
  return time > 0 ? amount / time : 0;
}

/** Writes a report as a table with one line per kernel. */
export function formatKernelTimes(times: readonly KernelTime[]): string {
  const header = ["kernel", "calls", "ms", "ms each", "share", "GB/s", "GFLOP/s"];
  const lines = times.map((time) => [
    time.label,
    String(time.calls),
    time.totalMs.toFixed(1),
    time.eachMs.toFixed(3),
    `${(100 * time.share).toFixed(1)} %`,
    time.gbPerSecond.toFixed(1),
    time.gflopPerSecond?.toFixed(1) ?? "",
  ]);
  const table = [header, ...lines];
  const widths = header.map((_, column) => Math.max(...table.map((line) => line[column].length)));
  const align = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]);
  return table.map((line) => line.map(align).join("  ").trimEnd()).join("\n");
}
