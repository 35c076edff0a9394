/**
 * Nodes and the contract of an op: a shape rule, the dispatches that compute it, and its backward.
 *
 * @module
 */
import type { BufferRange } from "../gpu/kernel.ts";
import type { Constants, Shader } from "../gpu/shader.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Gradients } from "./autodiff.ts";
import type { Table } from "./parameter.ts";
import type { RowStorage } from "./table_storage.ts";
import { type DType, type Shape, Tensor } from "./tensor.ts";

/** One dispatch as an op asks for it: tensors are turned into buffers when memory has been planned. */
export interface KernelCall {
  /** The shader. */
  readonly shader: Shader;
  /** Entry point. */
  readonly entry: string;
  /** Tensors, images and buffers by the shader's binding names; undefined ones are left out. */
  readonly bind: Readonly<Record<string, Tensor | Image | BufferRange | undefined>>;
  /** Overrides, `const` and `alias` lines by name. */
  readonly constants?: Constants;
  /** Scalars of the shader's `struct Params`. */
  readonly params?: Readonly<Record<string, number>>;
  /** Workgroups, as a count or per dimension. */
  readonly grid: number | readonly [number, number, number];
  /** Floating-point operations, where the profiler is to tell their rate. */
  readonly flops?: number;
}

/** Scratch memory of a node that kernels read as a texture. */
export class Image {
  /** Its place among the images of the plan. */
  readonly slot: number;
  /** Fours of numbers. */
  readonly texels: number;

  /** Creates an image; plans call this. */
  constructor(slot: number, texels: number) {
    this.slot = slot;
    this.texels = texels;
  }
}

/** What a node can ask of the plan that it is emitted into. */
export interface Emitter {
  /** The device, for its limits and kind. */
  readonly gpu: Gpu;
  /** Rows of the plan's batch. */
  readonly batch: number;
  /** Appends a dispatch. */
  run(call: KernelCall): void;
  /** Names of the variants to take where they fit, by kernel and problem, or by kernel for all others. */
  readonly preferred: Readonly<Record<string, string>>;
  /** Has `append` append the dispatches of the variant that computes a kernel's problem, and notes which ones they are. */
  chose(problem: string, variant: string, append: () => void): void;
  /** Returns memory of this node's own, for its dispatches alone; its contents are undefined at first. */
  scratch(shape: Shape, dtype?: DType): Tensor;
  /** Returns an image of `texels` fours of numbers, for this node's dispatches until it is freed. */
  image(texels: number): Image;
  /** Lets later images take the place of these. */
  free(...images: readonly Image[]): void;
  /**
   * Returns the image that `make` made before for a tensor under a name, or has it made. It is there until the node ends
   * or an image for another tensor is asked for; only of tensors that the node does not write.
   */
  held(tensor: Tensor, name: string, make: () => Image): Image;
  /** Appends a copy into an image that fills it with a tensor's numbers from number `first` on, a multiple of four. */
  copy(from: Tensor, first: number, to: Image): void;
  /** Whether any other node reads `tensor`; an output that nobody reads need not be written. */
  needed(tensor: Tensor): boolean;
  /** The windows of a table's weights (slot 0) or of its optimizer state (slots 1 and up), each within a binding. */
  shards(table: Table, slot: number): readonly TableShard[];
}

/** Rows `first` to `first + rows - 1` of a table. */
export interface TableShard {
  /** First row. */
  readonly first: number;
  /** Number of rows. */
  readonly rows: number;
  /** Where they are. */
  readonly range: BufferRange;
  /** How they are stored; only lookups read rows that are not `f32`. @default {"f32"} */
  readonly storage?: RowStorage;
}

/** An output of an op: its shape, and its element type where that is not `f32`. */
export type Output = Shape | { readonly shape: Shape; readonly dtype: DType };

/** An op: everything that the graph knows of a kernel family. */
export interface Op<A = unknown> {
  /** Name, as in error messages and plans. */
  readonly name: string;
  /** Returns the shapes of the outputs, which other nodes may read. Throws a TypeError on a bad shape. */
  outputs(inputs: readonly Tensor[], attributes: A): readonly Output[];
  /** Appends the dispatches that compute the outputs. */
  emit(k: Emitter, node: Node<A>): void;
  /** Returns the gradient by each input, or undefined where there is none; tables go to `gradients`. */
  backward?(
    node: Node<A>,
    dOutputs: readonly (Tensor | undefined)[],
    gradients: Gradients,
  ): readonly (Tensor | undefined)[];
  /** Whether output 0 is input 0's memory under another shape; such an op emits nothing. */
  readonly alias?: boolean;
  /** Whether the op changes something besides its outputs and must run although nobody reads them. */
  readonly effect?: boolean;
}

/** An application of an op. */
export class Node<A = unknown> {
  /** The op. */
  readonly op: Op<A>;
  /** What it reads. */
  readonly inputs: readonly Tensor[];
  /** What it writes. */
  readonly outputs: readonly Tensor[];
  /** What it is specialized by. */
  readonly attributes: A;

  /** Creates the node and its outputs in the inputs' graph. */
  constructor(op: Op<A>, inputs: readonly Tensor[], attributes: A) {
    const graph = inputs[0]?.graph;
    if (!graph) throw new TypeError(`Cannot apply ${op.name}: it needs at least one input, received none`);
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.outputs = op.outputs(inputs, attributes).map((output, i) => {
      const { shape, dtype } = "shape" in output ? output : { shape: output, dtype: "f32" as const };
      return new Tensor(graph, shape, { kind: "node", node: this as Node, output: i }, dtype);
    });
    graph.nodes.push(this as Node);
  }
}

/** Applies an op and returns all outputs. */
export function applyAll<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): readonly Tensor[] {
  return new Node(op, inputs, attributes).outputs;
}

/** Applies an op and returns its first output. */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  return applyAll(op, inputs, attributes)[0];
}

/** Returns the table behind a leaf tensor. */
export function tableOf(tensor: Tensor): Table {
  if (tensor.origin.kind !== "table") throw new TypeError("Cannot read a table: the tensor is not an embedding table");
  return tensor.origin.table;
}
