/**
 * The contract of an op's form on the processor: a function that prepares a node once, and returns what computes it.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Node } from "../graph/node.ts";
import type { Table } from "../graph/parameter.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Rows, WeightSizes } from "./product.ts";

export { FormError } from "./error.ts";

/** Computes a node for the first `rows` rows of the batch. */
export type Run = (rows: number) => void;

/**
 * Prepares a node. What it returns allocates no arrays: they are taken here, once.
 *
 * @throws {FormError} when the node is of a kind that has no form
 */
// The attributes are each op's own.
// deno-lint-ignore no-explicit-any
export type Form = (site: Site, node: Node<any>) => Run;

/** Forms by the names of ops. */
export type Forms = Readonly<Record<string, Form>>;

/** Rows that are to be computed: those of a data set from `first` on. */
export interface RowsOfData {
  /** The data set. */
  readonly data: Dataset;
  /** The first row. */
  readonly first: number;
}

/** Weights of a product, and a bias; both are read again when the parameters have changed. */
export interface Weights extends WeightSizes {
  /** Returns a weight. */
  readonly at: (k: number, n: number) => number;
  /** Returns a number of the bias. @default all are 0 */
  readonly bias?: (n: number) => number;
}

/**
 * Multiplies the first `rows` rows of x by packed weights, and adds the bias: y = max(x W + bias, low).
 *
 * @param low the lowest number that is written: 0 for a rectifier. @default {-Infinity}
 */
export type Product = (x: Rows, y: Rows, rows: number, low?: number) => void;

/** Weights that a node writes itself, for each product anew. */
export interface ChangingWeights {
  /** Where they are written, packed: weight (k, n) is number `packedAt(k, n, inner)`; columns past the last one are never read. */
  readonly packed: Float32Array;
  /** Multiplies by them. */
  readonly multiply: Product;
}

/** What a form can ask of the pass that its node is a part of. */
export interface Site {
  /** Rows B of a full batch: what tensors have room for. Those with the batch at the end, `[F, B]`, are so wide. */
  readonly batch: number;
  /** Returns the numbers of a tensor; reshaped ones share them. */
  floats(tensor: Tensor): Float32Array;
  /** Returns the numbers of a tensor of integers. */
  integers(tensor: Tensor): Uint32Array;
  /** Returns a table and its rows, one after the other without padding. */
  table(leaf: Tensor): { readonly table: Table; readonly rows: Float32Array };
  /** Returns memory of the node's own. */
  scratch(count: number): Float32Array;
  /** Returns memory that `fill` fills each time that the parameters have changed. */
  prepared(count: number, fill: (numbers: Float32Array) => void): Float32Array;
  /** Packs weights; x and y of the product must be tensors, scratch or prepared numbers. */
  product(weights: Weights): Product;
  /** Returns weights that the node writes for each product anew. */
  changing(sizes: WeightSizes): ChangingWeights;
  /** Returns the rows that are computed. */
  rows(): RowsOfData;
}
