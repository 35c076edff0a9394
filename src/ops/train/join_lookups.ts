/**
 * The gradients of a table that is looked up several times, as those of one lookup.
 *
 * @module
 */
import type { TableGradient } from "../../graph/autodiff.ts";
import type { Table } from "../../graph/parameter.ts";
import { type Tensor, widthOf } from "../../graph/tensor.ts";
import { joinIds, joinValues } from "../embedding/join_ids.ts";
import { repeat } from "../interaction/field_sums.ts";
import { concat } from "../shape/concat.ts";
import { flatten, reshape } from "../shape/reshape.ts";

/** Row numbers that were joined before, so that tables with the same lookups share one list, which is sorted once. */
export type JoinedIds = { readonly parts: readonly Tensor[]; readonly ids: Tensor }[];

/** Returns the row numbers that lookups have joined themselves. */
export function joinedBefore(lookups: Iterable<readonly TableGradient[]>): JoinedIds {
  return [...lookups].flat().flatMap(({ lists, ids }) => lists ? [{ parts: lists, ids }] : []);
}

/**
 * Joins the gradients of a table's lookups, so that its occurrences are sorted once and each row is updated once.
 *
 * @param known row numbers that were joined for other tables; those of this one are added
 * @throws {TypeError} when a lookup is that of a fused FM, which only a table with one lookup has
 */
export function joinLookups(table: Table, lookups: readonly TableGradient[], known: JoinedIds): TableGradient {
  if (lookups.length === 1) {
    const [{ lists }] = lookups;
    return lists ? { ...lookups[0], ids: joinOnce(lists, known) } : lookups[0];
  }
  if (lookups.some(({ dFm }) => dFm)) {
    throw new TypeError(`Cannot train: table "${table.name}" has several lookups, so none may be fused with its FM`);
  }
  const ids = joinOnce(lookups.map((lookup) => lookup.ids), known);
  const values = joinValues(lookups);
  const [{ dLinear }] = lookups;
  if (dLinear && lookups.every((lookup) => lookup.dLinear === dLinear && !lookup.dEmbedding)) {
    return { ids, values, dLinear };
  }
  const fields = Number(ids.shape[0]);
  const joined = concat(...lookups.map((lookup) => flatten(byOccurrence(lookup))));
  return { ids, values, dEmbedding: reshape(joined, ["B", fields, widthOf(joined.shape) / fields]) };
}

function joinOnce(parts: readonly Tensor[], known: JoinedIds): Tensor {
  const before = known.find((joined) =>
    joined.parts.length === parts.length && joined.parts.every((p, i) => p === parts[i])
  );
  if (before) return before.ids;
  const ids = joinIds(parts);
  known.push({ parts, ids });
  return ids;
}

/** Returns the gradient of each looked-up row, `[B, F, D]`. */
function byOccurrence({ ids, dEmbedding, dMore, dLinear }: TableGradient): Tensor {
  if (!dEmbedding || !dMore) return dEmbedding ?? repeat(dLinear!, Number(ids.shape[0]));
  return reshape(concat(flatten(dEmbedding), flatten(dMore)), ["B", Number(ids.shape[0]), dEmbedding.shape[2]]);
}
