/**
 * A traced model: nodes in the order of their creation, over shared declarations.
 *
 * @module
 */
import type { Initializer } from "../initializer.ts";
import type { Node } from "./node.ts";
import { Declarations, type Regularized, strideOf } from "./parameter.ts";
import { allRows, type RowSpan } from "./row_spans.ts";
import type { SharedNames } from "./shared_names.ts";
import { type DType, type Shape, Tensor } from "./tensor.ts";

/** Whether a graph is traced to train (dropout, batch statistics) or to predict. */
export type Mode = "train" | "predict";

/** A trace of a model. */
export class Graph {
  /** Nodes in the order of their creation, which is an order of execution. */
  readonly nodes: Node[] = [];
  /** What the trace is for. */
  readonly mode: Mode;
  /** Parameters and tables, shared by all traces of a model. */
  readonly declarations: Declarations;
  /** Intermediate tensors that people want to look at, by name. */
  readonly exposed: Map<string, Tensor> = new Map();
  /** Terms `[1]` that the model adds to the loss of the labels. */
  readonly terms: Tensor[] = [];
  #inputs: Map<string, Tensor> = new Map();
  #names: Map<string, number> = new Map();
  /** Names of the shared layers that are being called, the outermost first. */
  readonly #sharing: SharedNames[] = [];
  #salts = 0;

  /** Starts an empty trace. */
  constructor(mode: Mode, declarations: Declarations = new Declarations()) {
    this.mode = mode;
    this.declarations = declarations;
  }

  /** Returns the input of that name, declared at its first use. */
  input(name: string, shape: Shape, dtype: DType = "f32"): Tensor {
    let tensor = this.#inputs.get(name);
    if (!tensor) this.#inputs.set(name, tensor = new Tensor(this, shape, { kind: "input", name }, dtype));
    return tensor;
  }

  /** Returns `base`, or `base_1`, `base_2`, ... when a layer of this trace has taken it. */
  uniqueName(base: string): string {
    const recalled = this.#sharing.map((shared) => shared.recall(base));
    const name = recalled.findLast((known) => known !== undefined) ?? this.#newName(base);
    for (const shared of this.#sharing) shared.note(base, name);
    return name;
  }

  /** Calls a layer that takes the names of its earlier calls again, and so their parameters. */
  share<Y>(names: SharedNames, layer: () => Y): Y {
    names.begin();
    this.#sharing.push(names);
    try {
      const result = layer();
      names.end();
      return result;
    } finally {
      this.#sharing.pop();
    }
  }

  /** Makes a tensor readable by name, for example attention weights; it costs nothing until it is asked for. */
  expose(name: string, tensor: Tensor): void {
    // Each call of a shared layer exposes tensors of its own.
    let free = name;
    for (let i = 1; this.exposed.has(free); i++) free = `${name}_${i}`;
    this.exposed.set(free, tensor);
  }

  #newName(base: string): string {
    const used = this.#names.get(base) ?? 0;
    this.#names.set(base, used + 1);
    return used === 0 ? base : `${base}_${used}`;
  }

  /** Returns a number that sets this layer's random masks apart from those of the others. */
  nextSalt(): number {
    return ++this.#salts;
  }

  /** Returns a trainable parameter, declared at the first trace. */
  parameter(
    name: string,
    shape: readonly number[],
    initializer: Initializer,
    regularized: Regularized = "net",
  ): Tensor {
    const parameter = this.declarations.parameter({ name, shape, initializer, trainable: true, regularized });
    return new Tensor(this, parameter.shape, { kind: "parameter", parameter });
  }

  /** Returns numbers that the optimizer leaves alone: a running statistic, which a kernel keeps, or fixed ones. */
  statistic(name: string, shape: readonly number[], initializer: Initializer): Tensor {
    const parameter = this.declarations.parameter({ name, shape, initializer, trainable: false, regularized: "none" });
    return new Tensor(this, parameter.shape, { kind: "parameter", parameter });
  }

  /**
   * Returns an embedding table, declared at the first trace.
   *
   * @param spans which rows of the schema it has; the first ones when absent
   */
  table(
    name: string,
    rows: number,
    dim: number,
    initializer: Initializer,
    spans: readonly RowSpan[] = allRows(rows),
  ): Tensor {
    const table = this.declarations.table({ name, rows, spans, dim, stride: strideOf(dim), initializer });
    return new Tensor(this, [rows, dim], { kind: "table", table });
  }
}
