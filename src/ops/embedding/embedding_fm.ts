/**
 * Lookup, first-order term and second-order factorization machine in one pass over the rows.
 *
 * @module
 */
import { applyAll, type Emitter, type Node, type Op, tableOf } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitGather } from "./embedding.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel } from "../../kernels/variant.ts";
import { emitFm, fmFlops, type FmLaunch, type FmProblem, fmSource, splitFm } from "../interaction/fm.ts";
import { lanesOf } from "../shape/lane.ts";
import { checkLinearTable, emitLinearSum } from "./linear_sum.ts";
import { checkLookup, type Lookup, lookupCall } from "./lookup.ts";

/** Which of the optional inputs a node has; they follow ids and table, in this order. */
export interface EmbeddingFmInputs {
  /** Whether occurrences have values. */
  readonly hasValues: boolean;
  /** Whether there are first-order weights. */
  readonly hasLinear: boolean;
}

/** What {@linkcode embeddingFm} computes. */
export interface EmbeddingFm {
  /** The looked-up rows, `[B, F, D]`; written only if something reads them. */
  readonly embedding: Tensor;
  /** Their sum over fields, `[B, D]`; written only if something reads it. */
  readonly sum: Tensor;
  /** First-order plus second-order term, `[B, 1]`. */
  readonly logits: Tensor;
}

/** The fused pass as an op. */
export const embeddingFmOp: Op<EmbeddingFmInputs> = {
  name: "embeddingFm",
  outputs: (inputs, optional) => {
    const { lookup, table, linear } = inputsOf(inputs, optional);
    const fields = checkLookup("embeddingFm", lookup);
    const { dim, rows } = tableOf(table);
    if (linear) {
      checkLinearTable("embeddingFm", tableOf(linear));
      if (tableOf(linear).rows !== rows) {
        throw new TypeError(
          `Cannot build embeddingFm: both tables must have ${rows} rows, received ${tableOf(linear).rows}`,
        );
      }
    }
    return [["B", fields, dim], ["B", dim], ["B", 1]];
  },
  emit: (k, node) => {
    const { table, linear } = inputsOf(node.inputs, node.attributes);
    const sharded = [table, linear].some((tensor) => tensor && k.shards(tableOf(tensor), 0).length > 1);
    return sharded ? emitApart(k, node) : emitKernel(k, embeddingFmKernel, node);
  },
  backward: (node, [dEmbedding, dSum, dLogits], gradients) => {
    if (dSum) throw new TypeError("Cannot differentiate embeddingFm: its sum over fields has no gradient");
    const { lookup, table, linear } = inputsOf(node.inputs, node.attributes);
    gradients.addTable(tableOf(table), {
      ...lookup,
      dEmbedding,
      dFm: dLogits,
      fmSum: dLogits && node.outputs[1],
    });
    if (linear && dLogits) gradients.addTable(tableOf(linear), { ...lookup, dLinear: dLogits });
    return [];
  },
};

function inputsOf(
  inputs: readonly Tensor[],
  { hasValues, hasLinear }: EmbeddingFmInputs,
): { lookup: Lookup; table: Tensor; linear?: Tensor } {
  const [ids, table, ...rest] = inputs;
  const values = hasValues ? rest[0] : undefined;
  return { lookup: { ids, values }, table, linear: hasLinear ? rest[rest.length - 1] : undefined };
}

/** Sizes that the choice of a kernel depends on. */
export interface EmbeddingFmProblem extends FmProblem {
  /** Whether the looked-up rows are written. */
  readonly keeps: boolean;
}

/** The pass over a table of one shard; on GPUs by several threads for each sample. */
export const embeddingFmKernel: Kernel<Node<EmbeddingFmInputs>, EmbeddingFmProblem> = {
  name: "embedding_fm",
  problem: (k, { outputs: [e] }) => ({
    batch: k.batch,
    fields: Number(e.shape[1]),
    dim: Number(e.shape[2]),
    keeps: k.needed(e),
  }),
  variants: [gpuVariant("gpu", fmFlops, (k, node, { dim }) => {
    emitEmbeddingFm(k, node, splitFm(lanesOf(dim).count, k.batch));
  })],
};

/** Appends the pass over a table of one shard, launched in one way. */
export function emitEmbeddingFm(
  k: Emitter,
  { inputs, outputs: [e, sum, y], attributes }: Node<EmbeddingFmInputs>,
  { entry, constants, grid }: FmLaunch,
): void {
  const { lookup, table: tensor, linear } = inputsOf(inputs, attributes);
  const table = tableOf(tensor);
  const [shard] = k.shards(table, 0);
  const weights = linear && k.shards(tableOf(linear), 0)[0];
  const shader = { name: "embeddingFm", files: { fm: fmSource } };
  const call = lookupCall(k, lookup, { ...shader, table, shard, linear: weights, keepsRows: k.needed(e) });
  k.run({
    shader: call.shader,
    entry,
    bind: { ...call.bind, table: shard.range, linear: (weights ?? shard).range, e, sum, y },
    constants: { ...call.constants, ...constants, KEEPS_SUM: k.needed(sum) },
    params: call.params,
    grid,
  });
}

/** A table of several shards is gathered shard by shard, so that the FM has whole samples to work on. */
function emitApart(k: Emitter, { inputs, outputs: [e, sum, y], attributes }: Node<EmbeddingFmInputs>): void {
  const { lookup, table, linear } = inputsOf(inputs, attributes);
  emitGather(k, lookup, tableOf(table), e);
  emitFm(k, e, sum, y);
  if (linear) emitLinearSum(k, lookup, tableOf(linear), y, true);
}

/**
 * Looks rows up and computes, in the same pass, logits[b] = sum_f v w[id] + 1/2 sum_d ((sum_f e)^2 - sum_f e^2).
 *
 * @param ids row numbers `[F, B]`, field-major; the host validates them, and one past the table reads as zeros
 * @param values `[F, B]`; all are 1 when undefined
 * @param table embedding table `[V, D]`
 * @param linearTable first-order weights `[V, 1]`; the first-order term is left out when undefined
 * @throws {TypeError} when a shape does not fit
 */
export function embeddingFm(
  ids: Tensor,
  values: Tensor | undefined,
  table: Tensor,
  linearTable: Tensor | undefined,
): EmbeddingFm {
  const inputs = [ids, table, values, linearTable].filter((tensor) => tensor !== undefined);
  const optional = { hasValues: values !== undefined, hasLinear: linearTable !== undefined };
  const [embedding, sum, logits] = applyAll(embeddingFmOp, inputs, optional);
  return { embedding, sum, logits };
}
