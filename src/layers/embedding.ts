/**
 * Embedding of all fields from one table.
 *
 * @module
 */
import { type Initializer, normal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { embedding as lookup } from "../ops/embedding/embedding.ts";
import { poolHistory } from "../ops/sequence/pooling.ts";
import { columns, concat } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { type Input, type InputHistory, type InputSequence, pooledOf } from "./input.ts";

/** Options of {@linkcode embedding}. */
export interface EmbeddingOptions {
  /** Name of the table. @default {"embedding"} */
  name?: string;
  /** First values. @default {normal(1e-4)} */
  initializer?: Initializer;
}

/** Embeddings of what a user did before. */
export interface History {
  /** Name of the sequence, or of the first of those that run along each other. */
  readonly name: string;
  /** Embeddings `[B, L, M D]` of M sequences side by side, the oldest first; zeros past the last. */
  readonly items: Tensor;
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
  return embedFields(x, tableOf(x, dim, options));
}

/**
 * Looks up the embeddings of fields and of sequences in the same table, so that an item has the same one in both.
 *
 * @param x the batch's occurrences
 * @param dim width D of an embedding
 * @throws {RangeError} when `dim` is not a positive integer
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
export function embeddings(x: Input, dim: number, options: EmbeddingOptions = {}): Embeddings {
  const table = tableOf(x, dim, options);
  const fields = embedFields(x, table);
  const pooled = pooledOf(x);
  const histories = (x.histories ?? []).filter((history) => !pooled.includes(history));
  return { fields, histories: histories.map((history) => embedHistory(x, history, table, fields)) };
}

function tableOf(x: Input, dim: number, options: EmbeddingOptions): Tensor {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RangeError(`Cannot build embedding: dim must be a positive integer, received ${dim}`);
  }
  const name = x.graph.uniqueName(options.name ?? "embedding");
  return x.graph.table(name, x.rowCount, dim, options.initializer ?? normal(1e-4));
}

function embedFields(x: Input, table: Tensor): Tensor {
  const fields = lookup(x.ids, x.values, table);
  const pooled = pooledOf(x).map(({ sequences: [{ combiner }], ids, values, lengths }) =>
    poolHistory(lookup(ids, values, table), lengths, combiner!, values)
  );
  if (pooled.length === 0) return fields;
  const dim = Number(table.shape[1]);
  return reshape(concat(flatten(fields), ...pooled), ["B", Number(fields.shape[1]) + pooled.length, dim]);
}

function embedHistory(
  x: Input,
  { name, sequences, places, ids, values, lengths }: InputHistory,
  table: Tensor,
  fields: Tensor,
): History {
  const dim = Number(table.shape[1]);
  const items = reshape(lookup(ids, values, table), ["B", places, sequences.length * dim]);
  let target: Tensor | undefined;
  return {
    ...{ name, items, lengths, places },
    // Made on demand: a model that compares nothing needs no sequence to have a field of its own.
    get target() {
      return target ??= pickFields(fields, targetFields(x, sequences));
    },
    get targets() {
      return targetFields(x, sequences).map((field) => x.fields[field].name);
    },
  };
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

/** Returns the embeddings of some fields side by side, `[B, picks D]`; fields that are side by side already in one piece. */
function pickFields(fields: Tensor, picks: readonly number[]): Tensor {
  const dim = Number(fields.shape[2]);
  const runs: { first: number; count: number }[] = [];
  for (const field of picks) {
    const last = runs.at(-1);
    if (last && last.first + last.count === field) last.count++;
    else runs.push({ first: field, count: 1 });
  }
  return concat(...runs.map(({ first, count }) => columns(flatten(fields), first * dim, count * dim)));
}
