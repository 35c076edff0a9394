/**
 * Lookups of rows, and the row numbers that they read.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import { tableOf } from "../../../graph/node.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { EncodedColumns } from "../columns.ts";
import type { OnnxGraph, Value } from "../graph.ts";
import { type Call, translation, type Translations } from "../translation.ts";

/** Gathers rows `[B, F, D]` of a table by numbers `[F, B]`, times values; those of a history may be past its end. */
function lookup(g: OnnxGraph, [ids, table, values]: readonly Value[], { node }: Call<unknown>): Value {
  const { rows } = tableOf(node.inputs[1]);
  const turned = g.transpose(ids, 1, 0);
  const weights = values === undefined ? undefined : g.unsqueeze(g.transpose(values, 1, 0), 2);
  if (!isOfHistory(node.inputs[0])) {
    const e = g.op("Gather", [table, turned], { axis: 0 });
    return weights === undefined ? e : g.op("Mul", [e, weights]);
  }
  const exists = g.op("Less", [turned, g.int(rows)]);
  const e = g.op("Gather", [table, g.where(exists, turned, g.int(0))], { axis: 0 });
  return g.op("Mul", [e, weights ?? g.unsqueeze(g.cast(exists, "float"), 2)]);
}

/** Whether row numbers are those of a history, or picked from them: those past its end are past every table. */
function isOfHistory({ node }: Tensor): boolean {
  return node?.op.name === "cut_history" || (node?.op.name === "select_fields" && isOfHistory(node.inputs[0]));
}

/** Returns the name of the history that a cut is of: that of its first input is `data.NAME.offsets`. */
function historyOf({ inputs: [{ origin }] }: Node): string {
  return origin.kind === "input" ? origin.name.slice("data.".length, -".offsets".length) : "";
}

interface Pick {
  readonly field: number;
  readonly shift: number;
}

interface NumericColumn {
  readonly field: number;
  readonly row: number;
}

/** Returns translations of the ops in `src/ops/embedding/` for columns that are encoded in the graph. */
export function embedding(columns: EncodedColumns): Translations {
  return {
    cut_batch: () => columns.values === undefined ? [columns.ids] : [columns.ids, columns.values],
    cut_history: (_, _inputs, { node }) => {
      const { ids, lengths, values } = columns.history(historyOf(node));
      return values === undefined ? [ids, lengths] : [ids, lengths, values];
    },
    embedding: lookup,
    linearSum: (g, inputs, call) => g.sum(lookup(g, inputs, call), [1]),
    select_fields: translation<readonly Pick[]>((g, [ids, values], { attributes }) => {
      const numbers = attributes.map(({ field }) => field);
      // Shifts are 32-bit words, of which the upper half moves down.
      const shifts = g.ints(attributes.map(({ shift }) => shift | 0), [attributes.length, 1]);
      const moved = g.op("Add", [g.gather(ids, numbers, 0), shifts]);
      return values === undefined ? [moved] : [moved, g.gather(values, numbers, 0)];
    }),
    field_values: translation<readonly NumericColumn[]>((g, [ids, values], { attributes }) => {
      const numbers = attributes.map(({ field }) => field);
      const rows = g.ints(attributes.map(({ row }) => row), [attributes.length, 1]);
      const isThere = g.op("Equal", [g.gather(ids, numbers, 0), rows]);
      return g.transpose(g.where(isThere, g.gather(values, numbers, 0), 0), 1, 0);
    }),
  };
}
