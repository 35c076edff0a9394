/**
 * Plans: a graph turned once into a flat list of dispatches, re-encoded each step into one pass.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { type BufferRange, type Dispatch, prepare, STEP_BYTES, STEP_STRIDE, stepLayout } from "../gpu/kernel.ts";
import { createBuffer } from "../gpu/memory.ts";
import type { Profiler } from "../gpu/profiler.ts";
import { type MemoryPlan, ownerOf, planMemory } from "./memory.ts";
import type { Emitter, KernelCall, Node, TableShard } from "./node.ts";
import type { Parameter, Table } from "./parameter.ts";
import { formatShape, sizeOf, Tensor } from "./tensor.ts";

/** Steps that one submit can hold. */
export const MAX_STEPS_PER_SUBMIT = 16;

/** Scalars of one step, as kernels see them in `step`. */
export interface StepScalars {
  /** Valid rows of the batch; those past it are padding. */
  readonly rows: number;
  /** Position of the batch's first row in the epoch's order. */
  readonly first: number;
  /** Number of this step since training began, from 1. */
  readonly index: number;
  /** Seed of dropout. */
  readonly seed: number;
  /** Learning rate. */
  readonly lr: number;
  /** Adam's 1 / (1 - beta1^t). @default {1} */
  readonly correction1?: number;
  /** Adam's 1 / (1 - beta2^t). @default {1} */
  readonly correction2?: number;
  /** Place of this step's loss in the ring of losses, and of its data in rings of inputs. */
  readonly slot: number;
}

/** Where the numbers of leaf tensors are. */
export interface Storage {
  /** Returns the place of a parameter. */
  parameter(parameter: Parameter): BufferRange;
  /** Returns the windows of a table's weights (slot 0) or optimiser state. */
  shards(table: Table, slot: number): readonly TableShard[];
}

/** What a plan is made from. */
export interface PlanOptions {
  /** Name, for labels. */
  readonly name: string;
  /** Rows of the batch. */
  readonly batch: number;
  /** Tensors that the caller wants computed; ops with an effect run anyway. */
  readonly outputs: readonly Tensor[];
  /** Places of parameters and tables. */
  readonly storage: Storage;
  /** Places of the graph's inputs by name. */
  readonly inputs: Readonly<Record<string, BufferRange>>;
  /** Places of tensors that live outside the arena, for example gradients and results. */
  readonly pinned?: ReadonlyMap<Tensor, BufferRange>;
}

/** A line of {@linkcode Plan.describe}. */
export interface PlanDescription {
  /** Dispatches per step. */
  readonly dispatches: number;
  /** Bytes of the arena: buffers that intermediate tensors share. */
  readonly arenaBytes: number;
  /** Largest sum of bytes of intermediate tensors that are alive at one time. */
  readonly peakBytes: number;
  /** Sum of the bytes of all intermediate tensors, had each its own buffer. */
  readonly tensorBytes: number;
  /** Label of each dispatch in order. */
  readonly labels: readonly string[];
}

/** A compiled graph at one batch size. */
export class Plan {
  /** Rows of the batch. */
  readonly batch: number;
  /** Name, for labels. */
  readonly name: string;
  readonly #gpu: Gpu;
  readonly #dispatches: readonly Dispatch[];
  readonly #arena: readonly GPUBuffer[];
  readonly #memory: MemoryPlan;
  readonly #tensorBytes: number;
  readonly #resolve: (tensor: Tensor) => BufferRange;
  readonly #steps: GPUBuffer;
  readonly #stepGroup: GPUBindGroup;

  private constructor(
    gpu: Gpu,
    options: PlanOptions,
    dispatches: readonly Dispatch[],
    arena: readonly GPUBuffer[],
    memory: MemoryPlan,
    resolve: (tensor: Tensor) => BufferRange,
  ) {
    this.batch = options.batch;
    this.name = options.name;
    this.#gpu = gpu;
    this.#dispatches = dispatches;
    this.#arena = arena;
    this.#memory = memory;
    this.#tensorBytes = [...memory.slots.keys()].reduce((sum, tensor) => sum + 4 * sizeOf(tensor.shape, this.batch), 0);
    this.#resolve = resolve;
    this.#steps = gpu.device.createBuffer({
      label: `${options.name}.steps`,
      size: STEP_STRIDE * MAX_STEPS_PER_SUBMIT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#stepGroup = gpu.device.createBindGroup({
      label: `${options.name}.step`,
      layout: stepLayout(gpu),
      entries: [{ binding: 0, resource: { buffer: this.#steps, size: STEP_BYTES } }],
    });
  }

  /**
   * Plans memory, compiles all pipelines concurrently and makes all bind groups.
   *
   * @throws {GpuError} when a shader does not compile or a limit of the device is passed
   */
  static async create(gpu: Gpu, options: PlanOptions): Promise<Plan> {
    const pinned = ownersOf(options);
    const nodes = liveNodes(options.outputs);
    const memory = planMemory(nodes, options.batch, new Set(pinned.keys()), options.outputs);
    const arena = memory.bytes.map((bytes, i) => createBuffer(gpu, `${options.name}.arena${i}`, bytes));
    const resolve = resolver(options, pinned, memory, arena);
    const calls: KernelCall[] = [];
    const emitter = emitterFor(gpu, options, nodes, calls);
    for (const node of nodes) if (!node.op.alias) node.op.emit(emitter, node);
    try {
      const dispatches = await Promise.all(calls.map((call) => prepare(gpu, { ...call, bind: places(call, resolve) })));
      return new Plan(gpu, options, dispatches, arena, memory, resolve);
    } catch (error) {
      for (const buffer of arena) buffer.destroy();
      throw error;
    }
  }

  /** Returns where a tensor of the plan is; intermediate ones share memory, so only outputs keep their numbers. */
  rangeOf(tensor: Tensor): BufferRange {
    return this.#resolve(tensor);
  }

  /**
   * Runs steps: one pass each, one submit for all.
   *
   * @throws {RangeError} when there are too many steps, or a step has more rows than the batch
   * @throws {GpuError} when the device has failed
   */
  run(steps: readonly StepScalars[], profiler?: Profiler): void {
    if (steps.length > MAX_STEPS_PER_SUBMIT) {
      throw new RangeError(
        `Cannot submit: at most ${MAX_STEPS_PER_SUBMIT} steps go together, received ${steps.length}`,
      );
    }
    const wrong = steps.find(({ rows }) => !(rows >= 0 && rows <= this.batch));
    if (wrong) {
      throw new RangeError(`Cannot run ${this.name}: a step has 0 to ${this.batch} rows, received ${wrong.rows}`);
    }
    this.#gpu.check();
    if (steps.length === 0) return;
    const { device } = this.#gpu;
    device.queue.writeBuffer(this.#steps, 0, packSteps(steps));
    const encoder = device.createCommandEncoder({ label: this.name });
    steps.forEach((_, i) => {
      if (profiler) return profiler.encode(encoder, this.#dispatches, (pass, at) => this.#encodeOne(pass, at, i));
      const pass = encoder.beginComputePass({ label: this.name });
      for (const dispatch of this.#dispatches) this.#encodeOne(pass, dispatch, i);
      pass.end();
    });
    profiler?.resolve(encoder);
    device.queue.submit([encoder.finish()]);
  }

  #encodeOne(pass: GPUComputePassEncoder, dispatch: Dispatch, step: number): void {
    pass.setPipeline(dispatch.pipeline);
    pass.setBindGroup(0, dispatch.group);
    if (dispatch.readsStep) pass.setBindGroup(1, this.#stepGroup, [step * STEP_STRIDE]);
    pass.dispatchWorkgroups(...dispatch.grid);
  }

  /** Describes the plan: dispatches, bytes and peak memory. */
  describe(): PlanDescription {
    return {
      dispatches: this.#dispatches.length,
      arenaBytes: this.#memory.bytes.reduce((sum, bytes) => sum + bytes, 0),
      peakBytes: this.#memory.peak,
      tensorBytes: this.#tensorBytes,
      labels: this.#dispatches.map((dispatch) => dispatch.label),
    };
  }

  /** Releases the arena and the kernels' parameters. */
  destroy(): void {
    for (const buffer of this.#arena) buffer.destroy();
    for (const { params } of this.#dispatches) params?.destroy();
    this.#steps.destroy();
  }
}

/** Moves the places of reshaped tensors to the tensors whose memory they are. */
function ownersOf({ name, pinned }: PlanOptions): Map<Tensor, BufferRange> {
  const owners = new Map<Tensor, BufferRange>();
  for (const [tensor, range] of pinned ?? []) {
    const owner = ownerOf(tensor);
    if (!owner.node || owners.has(owner)) {
      const state = owner.node ? "one tensor can have one place only" : "only a computed tensor can be given a place";
      throw new TypeError(`Cannot plan ${name}: ${state}, received ${formatShape(tensor.shape)}`);
    }
    owners.set(owner, range);
  }
  return owners;
}

function liveNodes(outputs: readonly Tensor[]): Node[] {
  const graph = outputs[0].graph;
  const live = new Set<Node>();
  const visit = (node: Node | undefined): void => {
    if (!node || live.has(node)) return;
    live.add(node);
    for (const input of node.inputs) visit(input.node);
  };
  for (const output of outputs) visit(output.node);
  for (const node of graph.nodes) if (node.op.effect) visit(node);
  return graph.nodes.filter((node) => live.has(node));
}

function resolver(
  options: PlanOptions,
  pinned: ReadonlyMap<Tensor, BufferRange>,
  memory: MemoryPlan,
  arena: readonly GPUBuffer[],
): (tensor: Tensor) => BufferRange {
  return (tensor) => {
    const owner = ownerOf(tensor);
    const place = pinned.get(owner);
    if (place) return place;
    const { origin } = owner;
    if (origin.kind === "parameter") return options.storage.parameter(origin.parameter);
    if (origin.kind === "input") {
      const range = options.inputs[origin.name];
      if (range) return range;
      throw new TypeError(`Cannot plan ${options.name}: input "${origin.name}" has no buffer`);
    }
    if (origin.kind === "table") {
      throw new TypeError(`Cannot plan ${options.name}: table "${origin.table.name}" must be bound by shards`);
    }
    return { buffer: arena[memory.slots.get(owner)!], size: Math.max(4, 4 * sizeOf(owner.shape, options.batch)) };
  };
}

function emitterFor(gpu: Gpu, options: PlanOptions, nodes: readonly Node[], calls: KernelCall[]): Emitter {
  const read = new Set<Tensor>([...options.outputs, ...(options.pinned?.keys() ?? [])].map(ownerOf));
  for (const node of nodes) for (const input of node.inputs) read.add(ownerOf(input));
  return {
    gpu,
    batch: options.batch,
    run: (call) => calls.push(call),
    needed: (tensor) => read.has(tensor),
    shards: (table, slot) => options.storage.shards(table, slot),
  };
}

function places(call: KernelCall, resolve: (tensor: Tensor) => BufferRange): Record<string, BufferRange> {
  const ranges: Record<string, BufferRange> = {};
  for (const [name, value] of Object.entries(call.bind)) {
    if (value !== undefined) ranges[name] = value instanceof Tensor ? resolve(value) : value;
  }
  return ranges;
}

function packSteps(steps: readonly StepScalars[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(STEP_STRIDE * steps.length));
  steps.forEach((step, i) => {
    const at = STEP_STRIDE * i;
    [step.rows, step.first, step.index, step.seed].forEach((value, j) => view.setUint32(at + 4 * j, value, true));
    [step.lr, step.correction1 ?? 1, step.correction2 ?? 1].forEach((value, j) =>
      view.setFloat32(at + 16 + 4 * j, value, true)
    );
    view.setUint32(at + 28, step.slot, true);
  });
  return view.buffer;
}
