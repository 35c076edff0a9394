/**
 * What all kernels over pairs of fields share: shapes and the order of pairs.
 *
 * @module
 */
import { formatShape, type Tensor } from "../../graph/tensor.ts";

/** Sizes of embeddings `[B, F, D]`. */
export interface FieldSizes {
  /** Fields F. */
  readonly fields: number;
  /** Width D of an embedding. */
  readonly dim: number;
}

/**
 * Returns the sizes of a tensor of embeddings.
 *
 * @throws {TypeError} when the shape is not `[B, F, D]`
 */
export function fieldSizes(op: string, { shape }: Tensor): FieldSizes {
  const [batch, fields, dim] = shape;
  if (shape.length !== 3 || batch !== "B" || typeof fields !== "number" || typeof dim !== "number") {
    throw new TypeError(`Cannot build ${op}: input must have shape [B, F, D], received ${formatShape(shape)}`);
  }
  return { fields, dim };
}

/** Returns the number of pairs i < j of `fields` fields. */
function pairCount(fields: number): number {
  return fields * (fields - 1) / 2;
}

/**
 * Returns the sizes of a tensor of embeddings of which pairs are taken.
 *
 * @throws {TypeError} when the shape is not `[B, F, D]`
 * @throws {RangeError} when there are less than two fields
 */
export function pairSizes(op: string, input: Tensor): FieldSizes & { readonly pairs: number } {
  const { fields, dim } = fieldSizes(op, input);
  if (fields < 2) throw new RangeError(`Cannot build ${op}: pairs need at least 2 fields, received ${fields}`);
  return { fields, dim, pairs: pairCount(fields) };
}

/** Some consecutive pairs of fields. */
export interface PairWindow extends FieldSizes {
  /** First pair. */
  readonly first: number;
  /** Number of pairs; those past the last one do not exist and count as zeros. */
  readonly pairs: number;
}

/** Returns how many pairs of a window exist. */
export function existingPairs({ fields, first, pairs }: PairWindow): number {
  return Math.min(pairs, pairCount(fields) - first);
}
