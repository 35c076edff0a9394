/**
 * The tables that embeddings of fields are looked up in: one for all, or one for each width that fields have.
 *
 * @module
 */
import { type RowSpan, spansOf } from "../graph/row_spans.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Initializer, xavierNormal } from "../initializer.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { matmul } from "../ops/dense/matmul.ts";
import { embedding as lookup } from "../ops/embedding/embedding.ts";
import { selectFields as pick } from "../ops/embedding/select_fields.ts";
import { concat, split } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { sideBySide } from "../ops/shape/side_by_side.ts";
import type { Field, Input, InputHistory } from "./input.ts";

/** Embeddings of width D, wherever their rows are. */
export interface FieldTables {
  /** Looks up the fields that are no sequences, `[B, F, D]`. */
  readonly fields: () => Tensor;
  /**
   * Looks up the sequences of a history, `[B, L, M D]`.
   *
   * @param ids row numbers `[L M, B]` of the input
   * @param values weights `[L M, B]`; all are 1 when absent
   */
  readonly items: (history: InputHistory, ids: Tensor, values?: Tensor) => Tensor;
}

/** What a table is declared by. */
export interface TableOptions {
  readonly name: string;
  readonly dim: number;
  readonly initializer: Initializer;
}

/** Declares the tables of an input. */
export function fieldTables(x: Input, options: TableOptions): FieldTables {
  return ownersOf(x).some(({ dim }) => dim !== undefined && dim !== options.dim)
    ? tablesByWidth(x, options)
    : oneTable(x, options);
}

function oneTable(x: Input, { name, dim, initializer }: TableOptions): FieldTables {
  const table = x.graph.table(name, x.rowCount, dim, initializer, x.spans);
  return {
    fields: () => lookup(x.ids, x.values, table),
    items: ({ sequences, places }, ids, values) =>
      reshape(lookup(ids, values, table), ["B", places, sequences.length * dim]),
  };
}

/** A field, or a sequence with rows of its own, in the table of its width. */
interface Placed {
  /** The table, of width d. */
  readonly table: Tensor;
  /** What its row numbers in the input differ by from those in the table. */
  readonly shift: number;
  /** Declares the matrix `[d, D]`; absent where d is D. */
  readonly projection?: () => Tensor;
}

/**
 * Declares a table for each width: e = t P for fields whose rows t have another width d than D, each with a matrix P
 * `[d, D]` of its own. Ginart et al.: Mixed Dimension Embeddings with Application to Memory-Efficient Recommendation
 * Systems. ISIT 2021.
 */
function tablesByWidth(x: Input, options: TableOptions): FieldTables {
  const placed = placeOwners(x, options);
  const { dim } = options;
  const single = x.fields.slice(0, Number(x.ids.shape[0]));
  return {
    fields: () => {
      const tables = [...new Set(single.map(({ name }) => placed.get(name)!.table))];
      const embedded = new Map<Field, Tensor>();
      for (const table of tables) {
        const members = single.filter(({ name }) => placed.get(name)!.table === table);
        const own = members.map(({ name }) => placed.get(name)!);
        const picks = own.map(({ shift }, i) => ({ field: single.indexOf(members[i]), shift }));
        const { ids, values } = pick(x, picks);
        const e = project(flatten(lookup(ids, values, table)), own.map(({ projection }) => projection?.()));
        const parts = members.length === 1 ? [e] : split(e, members.map(() => dim));
        parts.forEach((part, i) => embedded.set(members[i], part));
      }
      return reshape(concat(...single.map((field) => embedded.get(field)!)), ["B", single.length, dim]);
    },
    items: ({ sequences, places }, all, weights) => {
      const members = sequences.length;
      const parts = sequences.map(({ name, target }, m) => {
        const { table, shift, projection } = placed.get(target === undefined ? name : x.fields[target].name)!;
        const picks = Array.from({ length: places }, (_, t) => ({ field: t * members + m, shift }));
        const { ids, values } = pick({ ids: all, values: weights }, picks);
        const e = lookup(ids, values, table); // [B, L, d]
        return projection ? matmul(e, projection()) : e;
      });
      return concat(...parts);
    },
  };
}

/** Multiplies each of F vectors side by side by its matrix, where they have any. */
function project(e: Tensor, projections: readonly (Tensor | undefined)[]): Tensor {
  const [first] = projections;
  if (!first) return e;
  const [inner, outer] = first.shape.map(Number);
  const flat = projections.map((matrix) => reshape(matrix!, [1, inner * outer]));
  return groupedMatmul(e, reshape(sideBySide(...flat), [projections.length, inner, outer]));
}

/** Declares the tables and matrices; returns where each field or sequence with rows of its own is, by its name. */
function placeOwners(x: Input, { name, dim, initializer }: TableOptions): ReadonlyMap<string, Placed> {
  const owners = ownersOf(x);
  const placed = new Map<string, Placed>();
  for (const width of new Set(owners.map((owner) => owner.dim ?? dim))) {
    const own = owners.filter((owner) => (owner.dim ?? dim) === width);
    let first = 0;
    const spans = own.map(({ offset, rows }): RowSpan => {
      const span = { first, from: offset, rows };
      first += rows;
      return span;
    });
    const tableName = width === dim ? name : `${name}.${width}`;
    const table = x.graph.table(tableName, first, width, initializer, spansOf(x, spans));
    own.forEach((owner, i) => {
      const projection = () => x.graph.parameter(`${name}.projection.${owner.name}`, [width, dim], xavierNormal());
      const shift = (spans[i].first - spans[i].from) >>> 0;
      placed.set(owner.name, { table, shift, ...(width !== dim && { projection }) });
    });
  }
  return placed;
}

/** Returns the fields, and the sequences with rows of their own, in the order of their rows. */
function ownersOf(x: Input): Field[] {
  const sequences = (x.histories ?? []).flatMap((history) => history.sequences);
  return [
    ...x.fields.slice(0, Number(x.ids.shape[0])),
    ...sequences.filter(({ target }) => target === undefined),
  ].sort((a, b) => a.offset - b.offset);
}
