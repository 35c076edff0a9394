/**
 * Updates of all tables, of which an embedding table and first-order weights with the same occurrences and rule go together.
 *
 * @module
 */
import type { TableGradient } from "../../graph/autodiff.ts";
import { applyAll, type Emitter, type Op, tableOf } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import {
  buffersOf,
  inputsByName,
  type Reduction,
  reductionFlops,
  reductionKernel,
  type TableAttributes,
} from "./segment_reduce.ts";
import { reductionOf, type TableRule, updateTable } from "./table_update.ts";

/** A table to update. */
export interface UpdatedTable {
  /** The table `[rows, D]`. */
  readonly leaf: Tensor;
  /** Terms of the gradient by occurrence. */
  readonly gradient: TableGradient;
  /** Occurrences sorted by row. */
  readonly pairs: Tensor;
  /** How it is updated. */
  readonly rule: TableRule;
}

/** Reductions over the same occurrences that apply one rule to an embedding table and to first-order weights. */
export interface TablePair {
  readonly embedding: Reduction;
  readonly linear: Reduction;
}

/** Sizes that the choice of a kernel depends on. */
export interface TablePairProblem extends Problem {
  readonly occurrences: number;
  /** Width of the embedding table. */
  readonly dim: number;
  /** Storage buffers that one pass over both tables binds. */
  readonly buffers: number;
  /** Whether one pass can update both: each is in one shard, and has its state by weight. */
  readonly joins: boolean;
}

/** Returns the operations of both reductions. */
export function tablePairFlops({ occurrences, dim }: TablePairProblem): number {
  return reductionFlops({ occurrences, dim: dim + 1, sink: "apply" });
}

/** Returns the reduction that updates both tables in one pass. */
export function joined({ embedding, linear }: TablePair): Reduction {
  return { ...embedding, beside: { table: linear.attributes.table, dLinear: linear.terms.d_linear! } };
}

function problemOf(k: Emitter, pair: TablePair): TablePairProblem {
  const { fields, table, optimizer } = pair.embedding.attributes;
  const isWhole = [table, pair.linear.attributes.table].every((all) => k.shards(all, 0).length === 1);
  return {
    occurrences: fields * k.batch,
    dim: table.dim,
    buffers: buffersOf(joined(pair)),
    joins: isWhole && optimizer.rowSlots === 0,
  };
}

/** The updates of both; GPUs take one table after the other, since few of them bind as many buffers as both need. */
export const tablePairKernel: Kernel<TablePair, TablePairProblem> = {
  name: "segment_reduce_pair",
  problem: problemOf,
  variants: [gpuVariant("apart", tablePairFlops, (k, { embedding, linear }) => {
    emitKernel(k, reductionKernel, embedding);
    emitKernel(k, reductionKernel, linear);
  })],
};

interface PairAttributes {
  readonly embedding: TableAttributes;
  readonly linear: TableAttributes;
}

/** The inputs of the embedding table's update, then those of the first-order weights'. */
const updatePairOp: Op<PairAttributes> = {
  name: "update_tables",
  effect: true,
  outputs: () => [],
  emit: (k, { inputs, attributes: { embedding, linear } }) => {
    const count = embedding.names.length;
    emitKernel(k, tablePairKernel, {
      embedding: reductionBy(inputs.slice(0, count), embedding),
      linear: reductionBy(inputs.slice(count), linear),
    });
  },
};

function reductionBy(inputs: readonly Tensor[], attributes: TableAttributes): Reduction {
  const { table: _, ...terms } = inputsByName({ inputs, attributes });
  return { attributes, terms, sink: "apply" };
}

/**
 * Updates tables in place by their rules from the gradients of all occurrences, summed by row.
 *
 * @param tables each table once
 */
export function updateTables(tables: readonly UpdatedTable[]): void {
  const left = new Set(tables);
  for (const table of tables) {
    if (!left.delete(table)) continue;
    const others = [...left];
    const { optimizer, rowL2 } = table.rule;
    const partner = optimizer.embeddingUpdate === "lazy" && !rowL2 &&
      others.find((other) => other.rule.optimizer === optimizer && (isBeside(other, table) || isBeside(table, other)));
    if (!partner) {
      updateTable(table.leaf, table.gradient, table.pairs, table.rule);
      continue;
    }
    left.delete(partner);
    const [embedding, linear] = (isBeside(partner, table) ? [table, partner] : [partner, table])
      .map(({ leaf, gradient, pairs, rule }) => reductionOf(leaf, gradient, pairs, rule));
    applyAll(updatePairOp, [...embedding.inputs, ...linear.inputs], {
      embedding: embedding.attributes,
      linear: linear.attributes,
    });
  }
}

/** Returns whether a table holds first-order weights of the rows that occur in an embedding table. */
function isBeside(linear: UpdatedTable, embedding: UpdatedTable): boolean {
  const [weights, rows] = [tableOf(linear.leaf), tableOf(embedding.leaf)];
  return !linear.rule.rowStrength && !embedding.rule.rowStrength && weights.dim === 1 && rows.dim > 1 &&
    weights.rows === rows.rows && linear.pairs === embedding.pairs &&
    linear.gradient.values === embedding.gradient.values && linear.gradient.dLinear !== undefined &&
    linear.gradient.dEmbedding === undefined && linear.gradient.dFm === undefined;
}
