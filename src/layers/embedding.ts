/**
 * Embedding of all fields from one table.
 *
 * @module
 */
import { type Initializer, normal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { embedding as lookup } from "../ops/embedding/embedding.ts";
import type { Input } from "./input.ts";

/** Options of {@linkcode embedding}. */
export interface EmbeddingOptions {
  /** Name of the table. @default {"embedding"} */
  name?: string;
  /** First values. @default {normal(1e-4)} */
  initializer?: Initializer;
}

/**
 * Looks up the embedding of each field: e[b, f, :] = v[f, b] table[ids[f, b], :].
 *
 * @param x the batch's occurrences
 * @param dim width D of an embedding
 * @returns `[B, F, D]`
 * @throws {RangeError} when `dim` is not a positive integer
 */
export function embedding(x: Input, dim: number, options: EmbeddingOptions = {}): Tensor {
  if (!Number.isInteger(dim) || dim < 1) {
    throw new RangeError(`Cannot build embedding: dim must be a positive integer, received ${dim}`);
  }
  const name = x.graph.uniqueName(options.name ?? "embedding");
  return lookup(x.ids, x.values, x.graph.table(name, x.rowCount, dim, options.initializer ?? normal(1e-4)));
}
