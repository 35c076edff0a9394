/**
 * Embedding lookup: rows of a table by row number.
 *
 * @module
 */
import source from "../../../shaders/embedding/embedding.wgsl" with { type: "text" };
import { apply, type Emitter, type Op, tableOf } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf, spanOf } from "../shape/lane.ts";
import { checkLookup, type Lookup, lookupCall } from "./lookup.ts";

/** The lookup as an op. */
export const embeddingOp: Op<null> = {
  name: "embedding",
  outputs: ([ids, table, values]) => [["B", checkLookup("embedding", { ids, values }), tableOf(table).dim]],
  emit: (k, { inputs: [ids, table, values], outputs: [e] }) => emitGather(k, { ids, values }, tableOf(table), e),
  backward: ({ inputs: [ids, table, values] }, [dEmbedding], gradients) => {
    gradients.addTable(tableOf(table), { ids, values, dEmbedding });
    return [];
  },
};

/** Appends the copies of rows: one dispatch for each shard of the table. */
export function emitGather(k: Emitter, lookup: Lookup, table: Table, e: Tensor): void {
  const lanes = lanesOf(table.dim);
  const span = spanOf(k.gpu.profile, lanes.count);
  const invocations = (lookup.ids.shape[0] as number) * k.batch * Math.ceil(lanes.count / span);
  for (const shard of k.shards(table, 0)) {
    const call = lookupCall(k, lookup, {
      name: "embedding",
      files: { embedding: source },
      table,
      shard,
      keepsRows: true,
    });
    k.run({
      shader: call.shader,
      entry: "gather",
      bind: { ...call.bind, table: shard.range, e },
      constants: { ...call.constants, SPAN: span },
      params: call.params,
      grid: Math.ceil(invocations / 64),
    });
  }
}

/**
 * Looks rows up: e[b, f, :] = v[f, b] table[ids[f, b], :].
 *
 * @param ids row numbers `[F, B]`, field-major; the host validates them, and one past the table reads as zeros
 * @param values `[F, B]`; all are 1 when undefined
 * @param table embedding table `[V, D]`
 * @returns `[B, F, D]`
 * @throws {TypeError} when a shape does not fit
 */
export function embedding(ids: Tensor, values: Tensor | undefined, table: Tensor): Tensor {
  return apply(embeddingOp, values ? [ids, table, values] : [ids, table], null);
}
