/**
 * First-order term: the sum over fields of the weights of the rows.
 *
 * @module
 */
import source from "../../../shaders/embedding/linear_sum.wgsl" with { type: "text" };
import { apply, type Emitter, type Op, tableOf } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { checkLookup, type Lookup, lookupCall } from "./lookup.ts";

/** The first-order term as an op. */
export const linearSumOp: Op<null> = {
  name: "linearSum",
  outputs: ([ids, table, values]) => {
    checkLookup("linearSum", { ids, values });
    checkLinearTable("linearSum", tableOf(table));
    return [["B", 1]];
  },
  emit: (k, { inputs: [ids, table, values], outputs: [y] }) =>
    emitLinearSum(k, { ids, values }, tableOf(table), y, false),
  backward: ({ inputs: [ids, table, values] }, [dLinear], gradients) => {
    gradients.addTable(tableOf(table), { ids, values, dLinear });
    return [];
  },
};

/**
 * Throws unless a table holds first-order weights.
 *
 * @throws {TypeError} when the width is not 1
 */
export function checkLinearTable(op: string, table: Table): void {
  if (table.dim !== 1) {
    throw new TypeError(`Cannot build ${op}: table "${table.name}" must have width 1, received ${table.dim}`);
  }
}

/** A sum over fields of first-order weights. */
export interface LinearSum {
  readonly lookup: Lookup;
  readonly table: Table;
  readonly y: Tensor;
  /** Whether the sum is added to y. */
  readonly accumulate: boolean;
}

/** Sizes that the choice of a kernel depends on. */
export interface LinearSumProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
}

/** Returns the operations of the sums. */
export function linearSumFlops({ batch, fields }: LinearSumProblem): number {
  return 2 * batch * fields;
}

/** The sum; on GPUs by several threads for each sample. */
export const linearSumKernel: Kernel<LinearSum, LinearSumProblem> = {
  name: "linear_sum",
  problem: ({ batch }, { lookup: { ids } }) => ({ batch, fields: Number(ids.shape[0]) }),
  variants: [gpuVariant("gpu", linearSumFlops, (k, task) => emitShards(k, task, "linear_sum_split", 32))],
};

/** Appends the sum, one dispatch for each shard of the table; a workgroup takes so many samples. */
export function emitShards(
  k: Emitter,
  { lookup, table, y, accumulate }: LinearSum,
  entry: "linear_sum" | "linear_sum_split",
  samples: number,
): void {
  k.shards(table, 0).forEach((shard, i) => {
    const shader = { name: "linearSum", files: { linear_sum: source } };
    const call = lookupCall(k, lookup, { ...shader, table, shard, linear: shard, keepsRows: false });
    k.run({
      shader: call.shader,
      entry,
      bind: { ...call.bind, linear: shard.range, y },
      constants: { ...call.constants, ACCUMULATE: accumulate || i > 0 },
      params: call.params,
      grid: Math.ceil(k.batch / samples),
    });
  });
}

/** Appends the sum; with `accumulate` it is added to `y`. */
export function emitLinearSum(k: Emitter, lookup: Lookup, table: Table, y: Tensor, accumulate: boolean): void {
  emitKernel(k, linearSumKernel, { lookup, table, y, accumulate });
}

/**
 * Sums first-order weights: y[b] = sum_f v[f, b] table[ids[f, b]].
 *
 * @param ids row numbers `[F, B]`, field-major; the host validates them, and one past the table adds nothing
 * @param values `[F, B]`; all are 1 when undefined
 * @param table weights `[V, 1]`
 * @returns `[B, 1]`
 * @throws {TypeError} when a shape does not fit
 */
export function linearSum(ids: Tensor, values: Tensor | undefined, table: Tensor): Tensor {
  return apply(linearSumOp, values ? [ids, table, values] : [ids, table], null);
}
