/**
 * Two lookups of one table as one.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/embedding/embedding_pair.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op, tableOf } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf, spanOf } from "../shape/lane.ts";
import { checkLookup } from "./lookup.ts";
import { tableRows } from "./stored_rows.ts";

/** What two lookups give. */
export interface EmbeddingPair {
  /** Rows of the first list, `[B, F, D]`. */
  readonly e: Tensor;
  /** Rows of the other list, `[B, G, D]`. */
  readonly more: Tensor;
}

/** Inputs ids, the other ids and the table; outputs the rows of both, and the ids joined, by which gradients are sorted. */
const embeddingPairOp: Op<null> = {
  name: "embedding_pair",
  outputs: ([ids, more, table]) => {
    const [fields, others] = [ids, more].map((list) => checkLookup("embedding_pair", { ids: list }));
    const { dim } = tableOf(table);
    return [["B", fields, dim], ["B", others, dim], { shape: [fields + others, "B"], dtype: "u32" }];
  },
  emit: (k, { inputs: [ids, more_ids, leaf], outputs: [e, more_e, joined] }) => {
    const table = tableOf(leaf);
    const lanes = lanesOf(table.dim);
    const span = spanOf(k.gpu.profile, lanes.count);
    const [fields, more] = [ids, more_ids].map(({ shape }) => Number(shape[0]));
    const invocations = (fields + more) * k.batch * Math.ceil(lanes.count / span);
    const joins = k.needed(joined);
    k.shards(table, 0).forEach((shard, i) => {
      const { first, rows, range } = shard;
      const stored = tableRows(table, shard);
      k.run({
        shader: shader("embedding_pair", { grid, ...lanes.part, ...stored.part, embedding_pair: source }),
        entry: joins && i === 0 ? "gather_joined" : "gather_pair",
        bind: { ids, more_ids, table: range, e, more_e, joined: joins && i === 0 ? joined : undefined },
        constants: { ...stored.constants, LANES: lanes.count, SPAN: span },
        params: { batch: k.batch, fields, more, first, rows, total: table.rows },
        grid: Math.ceil(invocations / 64),
      });
    });
  },
  backward: ({ inputs: [ids, more, leaf], outputs: [, , joined] }, [dEmbedding, dMore], gradients) => {
    const table = tableOf(leaf);
    if (dEmbedding && dMore) gradients.addTable(table, { ids: joined, lists: [ids, more], dEmbedding, dMore });
    else if (dEmbedding) gradients.addTable(table, { ids, dEmbedding });
    else gradients.addTable(table, { ids: more, dEmbedding: dMore });
    return [];
  },
};

/**
 * Looks two lists of rows up: e[b, f, :] = table[ids[f, b], :] and more[b, g, :] = table[others[g, b], :].
 *
 * @param ids row numbers `[F, B]`, field-major; one past the table reads as zeros
 * @param others row numbers `[G, B]`
 * @param table embedding table `[V, D]`
 * @throws {TypeError} when a shape does not fit
 */
export function embeddingPair(ids: Tensor, others: Tensor, table: Tensor): EmbeddingPair {
  const [e, more] = applyAll(embeddingPairOp, [ids, others, table], null);
  return { e, more };
}
