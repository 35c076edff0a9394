/**
 * Plans: a graph turned once into a flat list of dispatches, re-encoded each step.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { encodeCopy } from "../gpu/image.ts";
import { type BufferRange, type Dispatch, STEP_STRIDE } from "../gpu/kernel.ts";
import { createBuffer, requireAllocated } from "../gpu/memory.ts";
import type { Profiler } from "../gpu/profiler.ts";
import { linkOf, longestChain } from "./chain.ts";
import { type Command, createImages, type Emission, emit, imageBytes, prepareAll, type Span } from "./emission.ts";
import { type MemoryPlan, ownerOf, planMemory } from "./memory.ts";
import type { Node, TableShard } from "./node.ts";
import type { Parameter, Table } from "./parameter.ts";
import { createSteps, groupOfSteps, MAX_STEPS_PER_SUBMIT, packSteps, type StepScalars } from "./steps.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "./tensor.ts";

export { MAX_STEPS_PER_SUBMIT, type StepScalars } from "./steps.ts";

/** Where the numbers of leaf tensors are. */
export interface Storage {
  /** Returns the place of a parameter. */
  parameter(parameter: Parameter): BufferRange;
  /** Returns the windows of a table's weights (slot 0) or optimizer state. */
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
  /** Names of the kernels' variants to take where they fit, by kernel and problem, as a plan before had them. */
  readonly kernels?: Readonly<Record<string, string>>;
}

/** A line of {@linkcode Plan.describe}. */
export interface PlanDescription {
  /** Dispatches per step. */
  readonly dispatches: number;
  /**
   * Dispatches of the longest chain in which each waits for the one before: it writes what that one reads or writes, or
   * reads what that one writes.
   */
  readonly longestChain: number;
  /** Bytes of the arena: buffers that intermediate tensors share, and images. */
  readonly arenaBytes: number;
  /** Largest sum of bytes of intermediate tensors that are alive at one time, and of all images. */
  readonly peakBytes: number;
  /** Sum of the bytes of all intermediate tensors, had each its own buffer. */
  readonly tensorBytes: number;
  /** Label of each dispatch in order. */
  readonly labels: readonly string[];
  /** Names of the kernels' variants that compute it, by kernel and problem. */
  readonly kernels: Readonly<Record<string, string>>;
}

/** Memory that a plan owns. */
interface Scratch {
  readonly arena: readonly GPUBuffer[];
  readonly steps: GPUBuffer;
  readonly images: readonly GPUTexture[];
  readonly imageBytes: number;
  readonly memory: MemoryPlan;
}

/** A compiled graph at one batch size. */
export class Plan {
  /** Rows of the batch. */
  readonly batch: number;
  /** Name, for labels. */
  readonly name: string;
  /** Commands of each choice among a kernel's variants; a choice may be part of another one's. */
  readonly spans: readonly Span[];
  readonly #gpu: Gpu;
  readonly #commands: readonly Command[];
  readonly #scratch: Scratch;
  readonly #tensorBytes: number;
  readonly #kernels: Readonly<Record<string, string>>;
  readonly #resolve: (tensor: Tensor) => BufferRange;
  readonly #steps: GPUBuffer;
  readonly #stepGroup: GPUBindGroup;

  private constructor(
    gpu: Gpu,
    options: PlanOptions,
    commands: readonly Command[],
    { kernels, spans }: Pick<Emission, "kernels" | "spans">,
    scratch: Scratch,
    resolve: (tensor: Tensor) => BufferRange,
  ) {
    this.batch = options.batch;
    this.name = options.name;
    this.spans = spans;
    this.#gpu = gpu;
    this.#commands = commands;
    this.#kernels = Object.fromEntries(kernels);
    this.#scratch = scratch;
    const tensors = [...scratch.memory.slots.keys()];
    this.#tensorBytes = tensors.reduce((sum, tensor) => sum + 4 * sizeOf(tensor.shape, this.batch), 0);
    this.#resolve = resolve;
    this.#steps = scratch.steps;
    this.#stepGroup = groupOfSteps(gpu, options.name, scratch.steps);
  }

  /**
   * Plans memory, compiles all pipelines concurrently and makes all bind groups.
   *
   * @throws {GpuError} when a shader does not compile, a limit of the device is passed or its memory does not suffice
   */
  static async create(gpu: Gpu, options: PlanOptions): Promise<Plan> {
    const pinned = ownersOf(options);
    const nodes = liveNodes(options.outputs);
    const emission = emit(gpu, options, nodes);
    const memory = planMemory(nodes, options.batch, new Set(pinned.keys()), options.outputs, emission.scratch);
    const made: (GPUBuffer | GPUTexture)[] = [];
    try {
      const arena: GPUBuffer[] = [];
      for (const [i, bytes] of memory.bytes.entries()) {
        const buffer = createBuffer(gpu, `${options.name}.arena${i}`, bytes);
        arena.push(buffer);
        made.push(buffer);
      }
      const steps = createSteps(gpu, options.name);
      made.push(steps);
      const resolve = resolver(options, pinned, memory, arena);
      const images = createImages(gpu, options.name, emission.images);
      made.push(...images);
      await requireAllocated(made);
      const commands = await prepareAll(gpu, emission, images, resolve);
      const scratch = { arena, steps, images, imageBytes: imageBytes(emission.images), memory };
      return new Plan(gpu, options, commands, emission, scratch, resolve);
    } catch (error) {
      for (const resource of made) resource.destroy();
      throw error;
    }
  }

  /** Returns the dispatches and copies of a choice among a kernel's variants. */
  commandsOf({ first, end }: Span): readonly Command[] {
    return this.#commands.slice(first, end);
  }

  /** Returns where a tensor of the plan is; intermediate ones share memory, so only outputs keep their numbers. */
  rangeOf(tensor: Tensor): BufferRange {
    return this.#resolve(tensor);
  }

  /**
   * Runs steps, in one submit for all.
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
    this.#gpu.perform(`run ${this.name}`, (device) => {
      device.queue.writeBuffer(this.#steps, 0, packSteps(steps));
      const encoder = device.createCommandEncoder({ label: this.name });
      steps.forEach((_, i) => {
        if (profiler) profiler.encode(encoder, this.#commands, (pass, at) => this.#encodeOne(pass, at, i));
        else this.#encode(encoder, i);
      });
      profiler?.resolve(encoder);
      device.queue.submit([encoder.finish()]);
    });
  }

  #encode(encoder: GPUCommandEncoder, step: number): void {
    let pass: GPUComputePassEncoder | undefined;
    for (const command of this.#commands) {
      if ("to" in command) {
        pass?.end();
        pass = undefined;
        encodeCopy(encoder, command);
      } else {
        pass ??= encoder.beginComputePass({ label: this.name });
        this.#encodeOne(pass, command, step);
      }
    }
    pass?.end();
  }

  #encodeOne(pass: GPUComputePassEncoder, dispatch: Dispatch, step: number): void {
    pass.setPipeline(dispatch.pipeline);
    pass.setBindGroup(0, dispatch.group);
    if (dispatch.readsStep) pass.setBindGroup(1, this.#stepGroup, [step * STEP_STRIDE]);
    pass.dispatchWorkgroups(...dispatch.grid);
  }

  /** Describes the plan: dispatches, how many of them wait for one another, bytes and peak memory. */
  describe(): PlanDescription {
    const { memory, imageBytes } = this.#scratch;
    const dispatches = this.#dispatches();
    return {
      dispatches: dispatches.length,
      longestChain: longestChain(this.#commands.map(linkOf)),
      arenaBytes: imageBytes + memory.bytes.reduce((sum, bytes) => sum + bytes, 0),
      peakBytes: imageBytes + memory.peak,
      tensorBytes: imageBytes + this.#tensorBytes,
      labels: dispatches.map((dispatch) => dispatch.label),
      kernels: this.#kernels,
    };
  }

  /** Releases the arena, the images and the kernels' parameters. */
  destroy(): void {
    for (const resource of [...this.#scratch.arena, ...this.#scratch.images]) resource.destroy();
    for (const { params } of this.#dispatches()) params?.destroy();
    this.#steps.destroy();
  }

  #dispatches(): Dispatch[] {
    return this.#commands.filter((command): command is Dispatch => "pipeline" in command);
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

/** Returns the nodes that outputs depend on and those with an effect, in order of execution. */
export function liveNodes(outputs: readonly Tensor[]): Node[] {
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
  const resolve = (tensor: Tensor): BufferRange => {
    if (tensor.origin.kind === "rows") {
      const { of, first } = tensor.origin;
      const { buffer, offset = 0 } = resolve(of);
      const [start, size] = [first * widthOf(of.shape.slice(1)), sizeOf(tensor.shape, options.batch)];
      return { buffer, offset: offset + 4 * start, size: 4 * size };
    }
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
  return resolve;
}
