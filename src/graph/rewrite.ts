/**
 * Rewrites: copies a trace while a short table of rules replaces patterns by fused ops.
 *
 * @module
 */
import { Graph } from "./graph.ts";
import { Node } from "./node.ts";
import { Tensor } from "./tensor.ts";

/** What a rule sees of the trace that is being copied. */
export interface RewriteContext {
  /** Returns the copy of a tensor of the old trace. */
  copyOf(tensor: Tensor): Tensor;
  /** Returns the nodes of the old trace that read a tensor. */
  readersOf(tensor: Tensor): readonly Node[];
  /** Says what stands for a tensor of the old trace from here on. */
  replace(tensor: Tensor, by: Tensor): void;
}

/** A rewrite: returns whether it has replaced all outputs of `node`. */
export type Rule = (node: Node, context: RewriteContext) => boolean;

/**
 * Copies what `outputs` depend on into a new graph, trying the rules in order at each node.
 *
 * @returns the copies of `outputs`
 */
export function rewrite(outputs: readonly Tensor[], rules: readonly Rule[]): Tensor[] {
  const old = outputs[0].graph;
  const graph = new Graph(old.mode, old.declarations);
  const copies = new Map<Tensor, Tensor>();
  const readers = new Map<Tensor, Node[]>();
  for (const node of old.nodes) {
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known) known.push(node);
      else readers.set(input, [node]);
    }
  }
  const context: RewriteContext = {
    copyOf: (tensor) => {
      let copy = copies.get(tensor);
      if (!copy) copies.set(tensor, copy = copyLeaf(graph, tensor));
      return copy;
    },
    readersOf: (tensor) => readers.get(tensor) ?? [],
    replace: (tensor, by) => copies.set(tensor, by),
  };
  for (const node of old.nodes) {
    if (node.outputs.every((output) => copies.has(output))) continue;
    if (rules.some((rule) => rule(node, context))) continue;
    const copy = new Node(node.op, node.inputs.map(context.copyOf), node.attributes);
    node.outputs.forEach((output, i) => copies.has(output) || copies.set(output, copy.outputs[i]));
  }
  graph.terms.push(...old.terms.map(context.copyOf));
  for (const [name, tensor] of old.exposed) graph.exposed.set(name, context.copyOf(tensor));
  return outputs.map(context.copyOf);
}

function copyLeaf(graph: Graph, tensor: Tensor): Tensor {
  const { origin } = tensor;
  if (origin.kind === "node") {
    throw new TypeError(`Cannot rewrite: ${origin.node.op.name} is read before it is computed`);
  }
  if (origin.kind === "input") return graph.input(origin.name, tensor.shape, tensor.dtype);
  return new Tensor(graph, tensor.shape, origin, tensor.dtype);
}
