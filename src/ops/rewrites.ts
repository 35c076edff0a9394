/**
 * The table of rewrites: which patterns of a trace become one fused op.
 *
 * @module
 */
import { type Node, Node as GraphNode, tableOf } from "../graph/node.ts";
import type { RewriteContext, Rule } from "../graph/rewrite.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addOp, MOST_TERMS, sumOp } from "./dense/add.ts";
import { addBiasOp } from "./dense/bias.ts";
import { batchNormOp } from "./dense/batch_norm.ts";
import { type DenseAttributes, denseOp, isPlain } from "./dense/dense.ts";
import { residualDenseOp } from "./dense/residual_dense.ts";
import { embeddingFm, embeddingFmOp } from "./embedding/embedding_fm.ts";
import { embeddingOp } from "./embedding/embedding.ts";
import { embeddingPair } from "./embedding/embedding_pair.ts";
import { fmOp } from "./interaction/fm.ts";
import { linearSumOp } from "./embedding/linear_sum.ts";
import { compareOp } from "./sequence/compare.ts";
import { compareDenseOp } from "./sequence/compare_dense.ts";
import { activationOp, dropoutOp, type Epilogue } from "./dense/pointwise.ts";
import { concatOp, splitOp } from "./shape/concat.ts";
import { reshapeOp } from "./shape/reshape.ts";

/** Moves an activation or a dropout into the kernel that computes its input, when nobody else reads that input. */
const foldEpilogue: Rule = (node, context) => {
  if (node.op !== activationOp && node.op !== dropoutOp) return false;
  const [input] = node.inputs;
  const producer = context.copyOf(input).node;
  if (!producer || !([denseOp, compareDenseOp, batchNormOp, activationOp] as unknown[]).includes(producer.op)) {
    return false;
  }
  if (context.readersOf(input).length !== 1) return false;
  const epilogue = producer.attributes as Epilogue;
  if (epilogue.dropout || (node.op === activationOp && (epilogue.activation ?? "none") !== "none")) return false;
  const attributes = { ...epilogue, ...(node.attributes as Epilogue) };
  context.replace(node.outputs[0], new GraphNode(producer.op, producer.inputs, attributes).outputs[0]);
  return true;
};

/** Multiplies a target beside the items of a history as they are compared, when nobody else reads the comparison. */
const foldCompare: Rule = (node, context) => {
  if (node.op !== denseOp) return false;
  const [x, weight, bias] = node.inputs;
  if (x.node?.op !== compareOp || context.readersOf(x).length !== 1) return false;
  const inputs = [...x.node.inputs, weight, ...(bias ? [bias] : [])].map(context.copyOf);
  const attributes = node.attributes as DenseAttributes;
  context.replace(node.outputs[0], new GraphNode(compareDenseOp, inputs, attributes).outputs[0]);
  return true;
};

/** Computes embedding, FM and, where one is added to the FM term, the first-order sum in one pass over the table. */
const foldFm: Rule = (node, context) => {
  if (node.op !== embeddingOp) return false;
  const [e] = node.outputs;
  const fmNode = context.readersOf(e).find((reader) => reader.op === fmOp);
  const [ids, table, values] = node.inputs;
  if (!fmNode || lookupsOf(node, table).length > 1) return false;
  const linear = linearBesides(fmNode.outputs[0], ids, values, context);
  const fused = embeddingFm(
    context.copyOf(ids),
    values && context.copyOf(values),
    context.copyOf(table),
    linear && context.copyOf(linear.inputs[1]),
  );
  context.replace(e, fused.embedding);
  context.replace(fmNode.outputs[0], fused.logits);
  if (linear) context.replace(linear.outputs[0], fused.logits);
  return true;
};

/** Returns the lookups of a table in the trace of a node: only a single one can be fused with what follows. */
function lookupsOf(node: Node, leaf: Tensor): Node[] {
  const table = tableOf(leaf);
  const reads = ({ origin }: Tensor) => origin.kind === "table" && origin.table === table;
  return node.inputs[0].graph.nodes.filter(({ inputs }) => inputs.some(reads));
}

/** Looks up what is looked up twice, fields and a history, at once. */
const foldLookups: Rule = (node, context) => {
  if (node.op !== embeddingOp) return false;
  const [ids, table] = node.inputs;
  const [first, other, third] = lookupsOf(node, table);
  const isPlain = ({ op, inputs }: Node): boolean => op === embeddingOp && inputs.length === 2;
  if (first !== node || !other || third || !isPlain(first) || !isPlain(other)) return false;
  const { nodes } = ids.graph;
  const [others] = other.inputs;
  if (others.node && nodes.indexOf(others.node) > nodes.indexOf(node)) return false;
  const pair = embeddingPair(context.copyOf(ids), context.copyOf(others), context.copyOf(table));
  context.replace(node.outputs[0], pair.e);
  context.replace(other.outputs[0], pair.more);
  return true;
};

/** Drops the FM term of a sum whose other term is the fused op's logits, which hold it already. */
const dropFoldedTerm: Rule = (node, context) => {
  if (node.op !== addOp || node.inputs[0] === node.inputs[1]) return false;
  const [a, b] = node.inputs.map(context.copyOf);
  const [outer, inner] = a.node?.op === addBiasOp ? [a, b] : [b, a];
  const fused = inner.node;
  if (fused?.op !== embeddingFmOp || !(fused.attributes as { hasLinear: boolean }).hasLinear) return false;
  if (outer !== inner && !(outer.node?.op === addBiasOp && outer.node.inputs[0] === inner)) return false;
  context.replace(node.outputs[0], outer);
  return true;
};

function linearBesides(
  fmTerm: Tensor,
  ids: Tensor,
  values: Tensor | undefined,
  context: RewriteContext,
): Node | undefined {
  const [sum, ...others] = context.readersOf(fmTerm);
  if (sum?.op !== addOp || others.length > 0) return undefined;
  const other = sum.inputs.find((input) => input !== fmTerm)?.node;
  const term = other?.op === addBiasOp ? other.inputs[0].node : other;
  if (!other || term?.op !== linearSumOp || term.inputs[0] !== ids || term.inputs[2] !== values) return undefined;
  const readOnce = [other, term].every((reader) => context.readersOf(reader.outputs[0]).length === 1);
  return readOnce && lookupsOf(term, term.inputs[1]).length === 1 ? term : undefined;
}

/** Adds several tensors in one pass, in the same order, where nobody else reads the sums in between. */
const foldSum: Rule = (node, context) => {
  if (node.op !== addOp || node.inputs[0] === node.inputs[1]) return false;
  const [sum, last] = node.inputs;
  const inner = context.copyOf(sum).node;
  if (!inner || (inner.op !== addOp && inner.op !== sumOp) || inner.inputs.length >= MOST_TERMS) return false;
  if (context.readersOf(sum).length !== 1) return false;
  const terms = [...inner.inputs, context.copyOf(last)];
  context.replace(node.outputs[0], new GraphNode(sumOp, terms, null).outputs[0]);
  return true;
};

/** Adds a dense layer to something else in the kernel of its product, when nobody else reads the layer. */
const foldResidual: Rule = (node, context) => {
  if (node.op !== addOp || node.inputs[0] === node.inputs[1]) return false;
  const copies = node.inputs.map(context.copyOf);
  const at = copies.findLastIndex(({ node: producer }, i) =>
    producer?.op === denseOp && isPlain(producer.attributes as DenseAttributes) && Number(copies[i].shape.at(-1)) > 1 &&
    context.readersOf(node.inputs[i]).length === 1
  );
  if (at < 0) return false;
  const inputs = [copies[1 - at], ...copies[at].node!.inputs];
  context.replace(node.outputs[0], new GraphNode(residualDenseOp, inputs, null).outputs[0]);
  return true;
};

/** Takes what was taken apart in place of putting all its parts together again. */
const joinParts: Rule = (node, context) => {
  const source = node.op === concatOp ? node.inputs[0].node : undefined;
  if (source?.op !== splitOp || source.outputs.length !== node.inputs.length) return false;
  if (!source.outputs.every((part, i) => part === node.inputs[i])) return false;
  context.replace(node.outputs[0], context.copyOf(source.inputs[0]));
  return true;
};

/** Takes the same shape of a tensor once, so that the gradients by it meet. */
const shareReshape: Rule = (node, context) => {
  if (node.op !== reshapeOp) return false;
  const [output] = node.outputs;
  const first = context.readersOf(node.inputs[0]).find(({ op, outputs: [other] }) =>
    op === reshapeOp && other.shape.join() === output.shape.join()
  );
  if (!first || first === node) return false;
  context.replace(output, context.copyOf(first.outputs[0]));
  return true;
};

/** All rewrites, in the order in which they are tried. */
export const rewrites: readonly Rule[] = [
  foldEpilogue,
  foldCompare,
  foldFm,
  foldLookups,
  dropFoldedTerm,
  foldSum,
  foldResidual,
  joinParts,
  shareReshape,
];
