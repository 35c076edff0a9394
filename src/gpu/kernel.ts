/**
 * Kernels: pipelines compiled once per source and constants, bound by name, with errors that name file and line.
 *
 * @module
 */
import { describeRefusal, type Gpu } from "./device.ts";
import { GpuError } from "./error.ts";
import type { ImageRange } from "./image.ts";
import { allocate, requireAllocated } from "./memory.ts";
import { type Binding, type Constants, type Module, type Shader, specialize } from "./shader.ts";

/** A range of a buffer bound to a kernel. */
export interface BufferRange {
  /** The buffer. */
  readonly buffer: GPUBuffer;
  /** Start in bytes, a multiple of 256. @default {0} */
  readonly offset?: number;
  /** Length in bytes. */
  readonly size?: number;
}

/** What one dispatch runs. */
export interface Call {
  /** The shader. */
  readonly shader: Shader;
  /** Entry point. */
  readonly entry: string;
  /** Buffers and images by the shader's binding names. */
  readonly bind: Readonly<Record<string, BufferRange | ImageRange>>;
  /** Overrides, `const` and `alias` lines by name. */
  readonly constants?: Constants;
  /** Scalars of the shader's `struct Params`. */
  readonly params?: Readonly<Record<string, number>>;
  /** Workgroups, as a count or per dimension. */
  readonly grid: number | readonly [number, number, number];
  /** Floating-point operations, where the profiler is to tell their rate. */
  readonly flops?: number;
}

/** A dispatch with its pipeline and bind group made. */
export interface Dispatch {
  /** `shader.entry`, for the profiler. */
  readonly label: string;
  /** Compiled pipeline. */
  readonly pipeline: GPUComputePipeline;
  /** The kernel's own buffers. */
  readonly group: GPUBindGroup;
  /** The kernel's parameters, which live as long as the group. */
  readonly params: GPUBuffer | undefined;
  /** Whether the kernel reads the step's scalars in group 1. */
  readonly readsStep: boolean;
  /** Workgroups per dimension. */
  readonly grid: readonly [number, number, number];
  /** Bytes of all bound ranges, parameters excepted: what the kernel moves at most. */
  readonly bytes: number;
  /** Ranges and images that the kernel may write, and those that it only reads. */
  readonly writes: readonly (BufferRange | ImageRange)[];
  readonly reads: readonly (BufferRange | ImageRange)[];
  /** Floating-point operations, where the call states them. */
  readonly flops?: number;
}

/** Largest number of workgroups in one dimension. */
const MAX_GROUPS = 65_535;

/** Bytes from one set of step scalars to the next in their ring. */
export const STEP_STRIDE = 256;

/** Bytes of the step's scalars. */
export const STEP_BYTES = 64;

/** Compiled pipelines that a device keeps; plans hold on to theirs. */
const MAX_PIPELINES = 1024;

const stepLayouts: WeakMap<GPUDevice, GPUBindGroupLayout> = new WeakMap();

/** Returns the layout of group 1: the step's scalars, picked from a ring by a dynamic offset. */
export function stepLayout(gpu: Gpu): GPUBindGroupLayout {
  const known = stepLayouts.get(gpu.device);
  if (known) return known;
  const layout = gpu.perform("bind the step's scalars", (device) =>
    device.createBindGroupLayout({
      label: "step",
      entries: [{
        binding: 0,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: STEP_BYTES },
      }],
    }));
  stepLayouts.set(gpu.device, layout);
  return layout;
}

/** Folds a workgroup count into a grid whose dimensions the device accepts; kernels read it row by row. */
export function gridOf(groups: number | readonly [number, number, number]): readonly [number, number, number] {
  if (typeof groups !== "number") return groups;
  if (groups <= MAX_GROUPS) return [Math.max(groups, 1), 1, 1];
  const rows = Math.ceil(groups / MAX_GROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

/**
 * Prepares a dispatch: compiles its pipeline unless an equal one exists and makes its bind group.
 *
 * @throws {GpuError} when the shader does not compile (the message names file and line) or a binding cannot be made
 * @throws {RangeError} when a binding, constant or parameter name is not the shader's
 */
export async function prepare(gpu: Gpu, call: Call): Promise<Dispatch> {
  const { shader, entry, bind } = call;
  const module = specialize(shader, call.constants ?? {});
  const names = Object.keys(bind);
  for (const name of names) {
    if (!module.bindings.has(name)) {
      throw new RangeError(`Cannot bind ${shader.name}.${entry}: the shader has no such binding, received "${name}"`);
    }
  }
  checkRanges(gpu, call, module);
  const resources: Record<string, GPUBindingResource> = {};
  for (const name of names) resources[name] = resourceOf(call, name, module.bindings.get(name)!);
  requireFewBuffers(gpu, call, names.map((name) => module.bindings.get(name)!));
  const params = call.params && packParams(gpu, call, module);
  if (params) {
    resources.params = { buffer: params };
    names.push("params");
  }
  const label = `${shader.name}.${entry}`;
  const bindings = names.map((name) => module.bindings.get(name)!);
  const { result: { layout, group }, refusal } = gpu.observe((device) => {
    const layout = device.createBindGroupLayout({ label, entries: bindings.map(layoutEntry) });
    const entries = names.map((name, i) => ({ binding: bindings[i].slot, resource: resources[name] }));
    return { layout, group: device.createBindGroup({ label, layout, entries }) };
  });
  const readsStep = [...module.bindings.values()].some((binding) => binding.group === 1);
  const isWritten = (name: string): boolean => /^(storage|write-only)$/.test(module.bindings.get(name)!.type);
  const [writes, reads] = [true, false].map((written) =>
    Object.entries(bind).flatMap(([name, range]) => isWritten(name) === written ? [range] : [])
  );
  const bytes = Object.values(bind).reduce((sum, range) => sum + ("view" in range ? range.bytes : lengthOf(range)), 0);
  try {
    const pipeline = await pipelineOf(gpu, call, module, bindings, readsStep ? [layout, stepLayout(gpu)] : [layout]);
    if (params) await requireAllocated([params]);
    const cause = await refusal;
    if (cause) throw new GpuError(`Cannot bind ${label}: ${describeRefusal(cause)}`, { cause });
    const grid = gridOf(call.grid);
    return { label, pipeline, group, params, readsStep, grid, bytes, writes, reads, flops: call.flops };
  } catch (error) {
    params?.destroy();
    throw error;
  }
}

/** Returns the pipeline of a call: the one compiled before from an equal text, or a new one in place of the one least used. */
function pipelineOf(
  gpu: Gpu,
  call: Call,
  module: Module,
  bindings: readonly Binding[],
  layouts: GPUBindGroupLayout[],
): Promise<GPUComputePipeline> {
  const { pipelines } = gpu;
  const key = JSON.stringify([module.code, call.entry, module.overrides, bindings]);
  const known = pipelines.get(key);
  const pipeline = known ?? compile(gpu, call, module, layouts);
  pipelines.delete(key);
  pipelines.set(key, pipeline);
  if (pipelines.size > MAX_PIPELINES) pipelines.delete(pipelines.keys().next().value!);
  // One that was refused is tried again by the next call.
  if (!known) pipeline.catch(() => pipelines.get(key) === pipeline && pipelines.delete(key));
  return pipeline;
}

function isImage({ type }: Binding): boolean {
  return type === "read-only" || type === "write-only";
}

function resourceOf({ shader, entry, bind }: Call, name: string, binding: Binding): GPUBindingResource {
  const range = bind[name];
  if ("view" in range === isImage(binding)) return "view" in range ? range.view : range;
  throw new TypeError(
    `Cannot bind "${name}" of ${shader.name}.${entry}: the shader declares ${
      isImage(binding) ? "an image" : "a buffer"
    }` +
      `, received ${"view" in range ? "an image" : "a buffer"}`,
  );
}

/** Refuses ranges past the device's limit, and a buffer that is written through one binding and bound by another. */
function checkRanges(gpu: Gpu, { shader, entry, bind }: Call, module: Module): void {
  const limit = gpu.device.limits.maxStorageBufferBindingSize;
  const all = Object.entries(bind).filter((entry): entry is [string, BufferRange] =>
    "buffer" in entry[1] && module.bindings.get(entry[0])!.type !== "uniform"
  );
  const isWritten = (name: string): boolean => module.bindings.get(name)!.type === "storage";
  for (const [name, range] of all) {
    if (lengthOf(range) > limit) {
      throw new GpuError(
        `Cannot bind "${name}" of ${shader.name}.${entry}: the device allows ${limit} bytes, received ${
          lengthOf(range)
        }`,
      );
    }
    if (!isWritten(name)) continue;
    const other = all.find(([known, { buffer }]) => buffer === range.buffer && !isWritten(known));
    if (other) {
      throw new GpuError(
        `Cannot bind "${name}" of ${shader.name}.${entry}: a buffer that is written must not be read through another ` +
          `binding, received buffer "${range.buffer.label}" as "${other[0]}" too`,
      );
    }
  }
}

/** Returns the length of a range in bytes. */
export function lengthOf({ buffer, offset = 0, size }: BufferRange): number {
  return size ?? buffer.size - offset;
}

function requireFewBuffers(gpu: Gpu, { shader, entry }: Call, bindings: readonly Binding[]): void {
  const storage = bindings.filter((binding) => binding.type !== "uniform" && !isImage(binding)).length;
  const limit = gpu.device.limits.maxStorageBuffersPerShaderStage;
  if (storage > limit) {
    throw new GpuError(
      `Cannot bind ${shader.name}.${entry}: the device allows ${limit} storage buffers, received ${storage}`,
    );
  }
}

function layoutEntry({ slot, type }: Binding): GPUBindGroupLayoutEntry {
  return {
    binding: slot,
    visibility: GPUShaderStage.COMPUTE,
    ...(type === "read-only" || type === "write-only"
      ? { storageTexture: { access: type, format: "rgba32float" as const } }
      : { buffer: { type } }),
  };
}

function packParams(gpu: Gpu, call: Call, module: Module): GPUBuffer | undefined {
  const params = call.params ?? {};
  const unknown = Object.keys(params).find((name) => !module.params.some((param) => param.name === name));
  if (unknown) {
    throw new RangeError(`Cannot bind ${call.shader.name}: no parameter has that name, received "${unknown}"`);
  }
  if (module.params.length === 0) return undefined;
  const bytes = Math.ceil(module.params.length / 4) * 16;
  const view = new DataView(new ArrayBuffer(bytes));
  module.params.forEach(({ name, type }, i) => {
    const value = params[name];
    if (value === undefined) throw new RangeError(`Cannot bind ${call.shader.name}: parameter "${name}" is missing`);
    if (type === "f32") view.setFloat32(4 * i, value, true);
    else if (type === "i32") view.setInt32(4 * i, value, true);
    else view.setUint32(4 * i, value, true);
  });
  const descriptor = {
    label: `${call.shader.name}.params`,
    size: bytes,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  };
  return allocate(gpu, `buffer "${descriptor.label}"`, bytes, (device) => {
    const buffer = device.createBuffer(descriptor);
    device.queue.writeBuffer(buffer, 0, view.buffer);
    return buffer;
  });
}

async function compile(
  gpu: Gpu,
  call: Call,
  module: Module,
  bindGroupLayouts: GPUBindGroupLayout[],
): Promise<GPUComputePipeline> {
  const label = `${call.shader.name}.${call.entry}`;
  const { result: { compiled, layout }, refusal } = gpu.observe((device) => ({
    compiled: device.createShaderModule({ label, code: module.code }),
    layout: device.createPipelineLayout({ label, bindGroupLayouts }),
  }));
  const info = await compiled.getCompilationInfo();
  const error = info.messages.find((message) => message.type === "error");
  if (error) throw new GpuError(`Cannot compile ${module.locate(error.lineNum)}: ${error.message.trim()}`);
  const problem = await refusal;
  if (problem) throw new GpuError(`Cannot compile ${label}: ${problem.message}`, { cause: problem });
  try {
    return await gpu.device.createComputePipelineAsync({
      label,
      layout,
      compute: { module: compiled, entryPoint: call.entry, constants: module.overrides },
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new GpuError(`Cannot compile ${label}: ${message}`, { cause });
  }
}
