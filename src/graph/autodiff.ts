/**
 * Reverse-mode differentiation: walks the trace backwards and asks each op for its backward.
 *
 * @module
 */
import type { Node } from "./node.ts";
import type { Parameter, Table } from "./parameter.ts";
import type { Tensor } from "./tensor.ts";

/**
 * A gradient of an embedding table, per occurrence o = (b, f) with value v_o:
 *
 *     g_o = v_o dEmbedding[b, f, :] + v_o dLinear[b] + v_o dFm[b] (fmSum[b, :] - v_o row)
 *
 * Occurrences of one row are summed by the segment reduction; only the first term is ever in memory.
 */
export interface TableGradient {
  /** Rows of the occurrences, `[F, B]`. */
  readonly ids: Tensor;
  /** Values of the occurrences, `[F, B]`; all are 1 when absent. */
  readonly values?: Tensor;
  /** Gradient of the looked-up rows, `[B, F, D]`; with `dMore` those of the first fields only. */
  readonly dEmbedding?: Tensor;
  /** Gradient of the rows of the last fields, `[B, G, D]`, where it is apart. */
  readonly dMore?: Tensor;
  /** Lists of row numbers that `ids` are made of, where they are. */
  readonly lists?: readonly Tensor[];
  /** Gradient of a sum over fields of a table of width 1, `[B, 1]`. */
  readonly dLinear?: Tensor;
  /** Gradient of the second-order FM term, `[B, 1]`, with the sum over fields, `[B, D]`. */
  readonly dFm?: Tensor;
  /** Sum over fields of the embeddings, `[B, D]`. */
  readonly fmSum?: Tensor;
}

/** Gradients of everything trainable. */
export class Gradients {
  /** Gradient by dense parameter. */
  readonly parameters: Map<Parameter, Tensor> = new Map();
  /** Gradient by input of the graph. */
  readonly inputs: Map<Tensor, Tensor> = new Map();
  /** Gradients by embedding table, one for each lookup. */
  readonly tables: Map<Table, TableGradient[]> = new Map();

  /** Gradients of outputs of epilogues that have gone through the epilogue already, in the kernel that computed them. */
  readonly throughEpilogue: Set<Tensor> = new Set();
  /** Gradients by matrices side by side that the kernel which computed them has written apart, matrix by matrix. */
  readonly apart: Map<Tensor, readonly Tensor[]> = new Map();
  readonly #readers: Map<Tensor, number> = new Map();
  readonly #take: (tensor: Tensor) => Tensor | undefined;

  /**
   * Counts what reads each tensor on the way from the parameters to the differentiated output.
   *
   * @param take takes the sum of the gradients by a tensor that are known so far
   */
  constructor(nodes: readonly Node[] = [], take: (tensor: Tensor) => Tensor | undefined = () => undefined) {
    this.#take = take;
    for (const { inputs } of nodes) {
      for (const input of inputs) this.#readers.set(input, (this.#readers.get(input) ?? 0) + 1);
    }
  }

  /** Returns how many times ops of the forward pass read a tensor. */
  readersOf(tensor: Tensor): number {
    return this.#readers.get(tensor) ?? 0;
  }

  /**
   * Takes the gradient that ops further on have by an input of an op: a backward that takes it returns the sum of it and
   * its own, so that its kernel can add them.
   */
  take(input: Tensor): Tensor | undefined {
    return this.#take(input);
  }

  /** Adds a gradient of a table; an embedding's backward calls this. */
  addTable(table: Table, gradient: TableGradient): void {
    const known = this.tables.get(table);
    if (known) known.push(gradient);
    else this.tables.set(table, [gradient]);
  }
}

/**
 * Differentiates a scalar by everything trainable that `output` depends on.
 *
 * @param output a tensor of the graph, usually the logits `[B, 1]`
 * @param dOutput gradient of the scalar by `output`
 * @param add sums gradients of a tensor that several ops read
 * @throws {TypeError} when an op on the way has no backward
 */
export function differentiate(output: Tensor, dOutput: Tensor, add: (...parts: Tensor[]) => Tensor): Gradients {
  const pending = new Map<Tensor, Tensor[]>([[output, [dOutput]]]);
  const take = (tensor: Tensor): Tensor | undefined => {
    const parts = pending.get(tensor);
    pending.delete(tensor);
    return parts && (parts.length === 1 ? parts[0] : add(...parts));
  };
  const gradients = new Gradients(nodesBehind(output), take);
  const nodes = output.graph.nodes;
  for (let i = nodes.indexOf(output.node as Node); i >= 0; i--) {
    const node = nodes[i];
    const dOutputs = node.outputs.map(take);
    if (dOutputs.every((gradient) => gradient === undefined)) continue;
    if (!node.op.backward) {
      throw new TypeError(`Cannot differentiate: the op has no backward, received ${node.op.name}`);
    }
    const dInputs = node.op.backward(node, dOutputs, gradients);
    node.inputs.forEach((input, j) => {
      const gradient = dInputs[j];
      if (!gradient) return;
      const parts = pending.get(input);
      if (parts) parts.push(gradient);
      else pending.set(input, [gradient]);
    });
  }
  collectParameters(pending, gradients, add);
  return gradients;
}

/** Returns the nodes that compute a tensor; a rewritten trace has others too. */
function nodesBehind(output: Tensor): Node[] {
  const found = new Set<Node>();
  const visit = (node: Node | undefined): void => {
    if (!node || found.has(node)) return;
    found.add(node);
    for (const input of node.inputs) visit(input.node);
  };
  visit(output.node);
  return [...found];
}

function collectParameters(
  pending: Map<Tensor, Tensor[]>,
  gradients: Gradients,
  add: (...parts: Tensor[]) => Tensor,
): void {
  const parts = new Map<Parameter, Tensor[]>();
  for (const [tensor, more] of pending) {
    if (tensor.origin.kind === "input") gradients.inputs.set(tensor, more.length === 1 ? more[0] : add(...more));
    if (tensor.origin.kind !== "parameter" || !tensor.origin.parameter.trainable) continue;
    const known = parts.get(tensor.origin.parameter);
    if (known) known.push(...more);
    else parts.set(tensor.origin.parameter, [...more]);
  }
  for (const [parameter, list] of parts) {
    gradients.parameters.set(parameter, list.length === 1 ? list[0] : add(...list));
  }
}
