/**
 * Settings that recipes have in common.
 *
 * @module
 */
import type { L2 } from "../../../src/store.ts";

/** Width of embeddings. */
export const DIM = 10;

/** Widths of hidden layers. */
export const HIDDEN: readonly number[] = [400, 400, 400];

/** Options of a model with hidden layers. */
export const WIDE = { dim: DIM, hidden: HIDDEN } as const;

/** Options of a model with hidden layers that are batch-normalized. */
export const NORMED = { ...WIDE, batchNorm: true } as const;

/** Returns a strength for tables only. */
export function embeddingsOnly(embedding: number): L2 {
  return { embedding };
}

/** Returns one strength for all parameters. */
export function all(strength: number): L2 {
  return { embedding: strength, net: strength };
}
