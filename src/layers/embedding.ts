/**
 * Embedding of all fields from one table.
 *
 * @module
 */
import { type Initializer, normal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { drawRows, type RowRange } from "../ops/embedding/draw_rows.ts";
import { poolHistory } from "../ops/sequence/pooling.ts";
import { columns, concat } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { type FieldTables, fieldTables } from "./field_tables.ts";
import { type Input, type InputHistory, type InputSequence, pooledOf } from "./input.ts";

/** Options of {@linkcode embedding}. */
export interface EmbeddingOptions {
  /** Name of the table. @default {"embedding"} */
  name?: string;
  /** First values. @default {normal(1e-4)} */
  initializer?: Initializer;
}

/** Options of {@linkcode embeddings}. */
export interface EmbeddingsOptions extends EmbeddingOptions {
  /**
   * What stands for items that a user did not click, beside those of a history: the names of sequences along it, or
   * `"drawn"`, rows of the items' fields drawn uniformly and anew in each step. @default {none}
   */
  negatives?: "drawn" | readonly string[];
  /** Names of sequences along a history that say something else of its items and are not among them. @default {none} */
  apart?: readonly string[];
}

/** Embeddings of what a user did before. */
export interface History {
  /** Name of the sequence, or of the first of those that run along each other. */
  readonly name: string;
  /** Embeddings `[B, L, M D]` of M sequences side by side, the oldest first; zeros past the last. */
  readonly items: Tensor;
  /** Embeddings of items that were not clicked, of the same shape, where they were asked for. */
  readonly negatives?: Tensor;
  /** Values of each row, `[B]`. */
  readonly lengths: Tensor;
  /** Most values L of a row. */
  readonly places: number;
  /** Embeddings `[B, M D]` of the fields whose rows the sequences share: what the items are compared with. */
  readonly target: Tensor;
  /** Names of these fields. */
  readonly targets: readonly string[];
}

/** Embeddings of fields and sequences, from one table. */
export interface Embeddings {
  /** Embeddings of the fields, `[B, F, D]`. */
  readonly fields: Tensor;
  /** Embeddings of the sequences that are not pooled to fields. */
  readonly histories: readonly History[];
}

/**
 * Looks up the embedding of each field: e[b, f, :] = v[f, b] table[ids[f, b], :].
 *
 * A sequence with a combiner is a field like others: e[b, f, :] is the sum, mean or maximum of its embeddings.
 *
 * @param x the batch's occurrences
 * @param dim width D of an embedding
 * @returns `[B, F, D]`
 * @throws {RangeError} when `dim` is not a positive integer
 */
export function embedding(x: Input, dim: number, options: EmbeddingOptions = {}): Tensor {
  return embedFields(x, tablesOf(x, dim, options));
}

/**
 * Looks up the embeddings of fields and of sequences in the same table, so that an item has the same one in both.
 *
 * @param x the batch's occurrences
 * @param dim width D of an embedding
 * @throws {RangeError} when `dim` is not a positive integer, or a sequence that is to hold negatives is not one of x
 *
 * @example Average of the items that a user looked at, weighted by their likeness to the target
 * ```ts
 * import { concat, defineModel, embeddings, flatten, mlp, poolHistory } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const averaged = defineModel("averaged", (x, { dim = 16 }: { dim?: number }) => {
 *   const { fields, histories } = embeddings(x, dim); // [B, F, D]
 *   const interests = histories.map(({ items, lengths }) => poolHistory(items, lengths, "mean")); // [B, M D]
 *   return mlp(concat(flatten(fields), ...interests), [64, 1]); // logits [B, 1]
 * });
 * assert.equal(averaged().name, "averaged");
 * ```
 */
export function embeddings(x: Input, dim: number, options: EmbeddingsOptions = {}): Embeddings {
  const tables = tablesOf(x, dim, options);
  const fields = embedFields(x, tables);
  const pooled = pooledOf(x);
  const histories = (x.histories ?? []).filter((history) => !pooled.includes(history));
  if (options.negatives && options.negatives !== "drawn") requireSequences(histories, options.negatives, "negatives");
  requireSequences(histories, options.apart ?? [], "items apart");
  return { fields, histories: histories.map((history) => embedHistory(x, history, tables, fields, options)) };
}

function tablesOf(x: Input, dim: number, options: EmbeddingOptions): FieldTables {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RangeError(`Cannot build embedding: dim must be a positive integer, received ${dim}`);
  }
  const name = x.graph.uniqueName(options.name ?? "embedding");
  return fieldTables(x, { name, dim, initializer: options.initializer ?? normal(1e-4) });
}

function embedFields(x: Input, tables: FieldTables): Tensor {
  const fields = tables.fields();
  const pooled = pooledOf(x).map((history) => {
    const { sequences: [{ combiner }], ids, values, lengths } = history;
    return poolHistory(tables.items(history, ids, values), lengths, combiner!, values);
  });
  if (pooled.length === 0) return fields;
  const [, count, dim] = fields.shape;
  return reshape(concat(flatten(fields), ...pooled), ["B", Number(count) + pooled.length, dim]);
}

function embedHistory(
  x: Input,
  history: InputHistory,
  tables: FieldTables,
  fields: Tensor,
  { negatives = [], apart = [] }: EmbeddingsOptions,
): History {
  const { name, sequences, places, ids, values, lengths } = history;
  const dim = Number(fields.shape[2]);
  const isNegative = (m: number): boolean => negatives !== "drawn" && negatives.includes(sequences[m].name);
  const members = [...sequences.keys()].filter((m) => !apart.includes(sequences[m].name));
  const [own, others] = [false, true].map((side) => members.filter((m) => isNegative(m) === side));
  if (own.length === 0) {
    throw new RangeError(`Cannot embed "${name}": one of its sequences must hold items, received negatives alone`);
  }
  const targets = (): number[] => targetFields(x, own.map((m) => sequences[m]));
  const drawn = (): Tensor => tables.items(history, drawRows(ids, rowsOf(x, sequences), x.graph.nextSalt()));
  const all = tables.items(history, ids, values); // [B, L, M D]
  let target: Tensor | undefined;
  return {
    ...{ name, lengths, places },
    items: pickVectors(all, own, dim),
    ...(others.length > 0 && { negatives: pickVectors(all, others, dim) }),
    ...(negatives === "drawn" && { negatives: drawn() }),
    // Made on demand: a model that compares nothing needs no sequence to have a field of its own.
    get target() {
      return target ??= pickVectors(flatten(fields), targets(), dim);
    },
    get targets() {
      return targets().map((field) => x.fields[field].name);
    },
  };
}

/** Returns the rows of the sequences' fields, without those of unseen values. */
function rowsOf(x: Input, sequences: readonly InputSequence[]): RowRange[] {
  return targetFields(x, sequences).map((field) => {
    const { offset, rows } = x.fields[field];
    return rows > 1 ? { first: offset + 1, rows: rows - 1 } : { first: offset, rows };
  });
}

/** Throws unless all sequences that are to hold negatives, or no items, are those of histories. */
function requireSequences(histories: readonly InputHistory[], names: readonly string[], what: string): void {
  const known = histories.flatMap(({ sequences }) => sequences.map(({ name }) => name));
  const other = names.find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new RangeError(`Cannot embed ${what}: the sequences are ${known.join(", ")}, received "${other}"`);
  }
}

function targetFields({ fields }: Input, sequences: readonly InputSequence[]): number[] {
  return sequences.map(({ name, target }) => {
    if (target !== undefined) return target;
    throw new RangeError(
      `Cannot compare with a target: the sequence must say of which field it is (${
        fields.map((field) => field.name).join(", ")
      }), received "${name}"`,
    );
  });
}

/** Returns some vectors of each row side by side, `[..., picks D]`; those that are side by side already in one piece. */
function pickVectors(x: Tensor, picks: readonly number[], dim: number): Tensor {
  const runs: { first: number; count: number }[] = [];
  for (const vector of picks) {
    const last = runs.at(-1);
    if (last && last.first + last.count === vector) last.count++;
    else runs.push({ first: vector, count: 1 });
  }
  if (runs[0].count * dim === x.shape.at(-1)) return x;
  return concat(...runs.map(({ first, count }) => columns(x, first * dim, count * dim)));
}
