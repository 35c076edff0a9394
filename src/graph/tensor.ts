/**
 * Symbolic tensors: what a model function computes with, before any memory or kernel exists.
 *
 * @module
 */
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { Parameter, Table } from "./parameter.ts";

/** A size: a number, or `"B"` for the batch, which is known only when a plan is made. */
export type Dim = number | "B";

/** Sizes, outermost first; memory is row-major and dense. */
export type Shape = readonly Dim[];

/** Element type; both are four bytes wide. */
export type DType = "f32" | "u32";

/** Where a tensor's numbers come from. */
export type Origin =
  | { readonly kind: "node"; readonly node: Node; readonly output: number }
  | { readonly kind: "scratch"; readonly node: Node }
  | { readonly kind: "rows"; readonly of: Tensor; readonly first: number }
  | { readonly kind: "parameter"; readonly parameter: Parameter }
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "input"; readonly name: string };

/** A symbolic tensor, of which models see the shape; layers make it, and what else it holds is the engine's own. */
export class Tensor {
  /**
   * The graph that the tensor belongs to.
   *
   * @internal
   */
  readonly graph: Graph;
  /** Sizes. */
  readonly shape: Shape;
  /**
   * Where the numbers come from.
   *
   * @internal
   */
  readonly origin: Origin;
  /**
   * Element type.
   *
   * @internal
   */
  readonly dtype: DType;

  /**
   * Creates a tensor; ops and the graph call this, models do not.
   *
   * @internal
   */
  constructor(graph: Graph, shape: Shape, origin: Origin, dtype: DType = "f32") {
    this.graph = graph;
    this.shape = shape;
    this.origin = origin;
    this.dtype = dtype;
  }

  /**
   * The node that computes the tensor, if one does.
   *
   * @internal
   */
  get node(): Node | undefined {
    return this.origin.kind === "node" ? this.origin.node : undefined;
  }
}

/** Bytes to which WebGPU aligns the start of a binding. */
const BINDING_ALIGNMENT = 256;

/**
 * Returns rows of a tensor without a batch as a tensor that shares their memory, for kernels of one dispatch to bind;
 * undefined where a binding cannot start at them.
 */
export function rowsWithin(of: Tensor, first: number, count: number): Tensor | undefined {
  const width = widthOf(of.shape.slice(1));
  if (4 * first * width % BINDING_ALIGNMENT !== 0) return undefined;
  return new Tensor(of.graph, [count, ...of.shape.slice(1)], { kind: "rows", of, first }, of.dtype);
}

/** Returns a tensor of another shape, but as many elements, that shares the memory of `of`, for kernels to bind. */
export function sharing(of: Tensor, shape: Shape): Tensor {
  return new Tensor(of.graph, shape, { kind: "rows", of, first: 0 }, of.dtype);
}

/** Returns the number of elements of `shape` in a batch of `batch` rows. */
export function sizeOf(shape: Shape, batch: number): number {
  return shape.reduce<number>((size, dim) => size * (dim === "B" ? batch : dim), 1);
}

/** Returns the product of the sizes of `shape` other than the batch. */
export function widthOf(shape: Shape): number {
  return shape.reduce<number>((size, dim) => size * (dim === "B" ? 1 : dim), 1);
}

/** Writes a shape as `[B, 39, 16]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
