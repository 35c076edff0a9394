/**
 * Sizes of the tiles of matrix products, and into how many parts their terms are cut.
 *
 * @module
 */

/** Rows and columns of a tile. */
export const TILE = { rows: 128, columns: 64 };

/** The same of a small one. */
export const SMALL_TILE = { rows: 32, columns: 32 };

/** Processors of a large GPU: with fewer tiles than that some are idle, and with a few small tiles each none is. */
const PROCESSORS = 128;
const SMALL_TILES_EACH = 4;

/** Time of an operation by small tiles, which load each number more often, where one by tiles takes 1. */
const SMALL = 1.5;

/** Workgroups that keep a GPU busy: a few on each of a hundred or more processors. */
const BUSY_GROUPS = 512;

/** Terms of a split at least, so that its partial sums cost less than it saves. */
const MIN_SPLIT_TERMS = 256;

/** Sizes of a product `[M, K] x [K, N]`. */
export interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/**
 * Estimates the time of a product by tiles on a GPU in operations: those that processors without a tile could do count.
 *
 * @param small whether tiles are small
 * @param splits parts into which the terms are cut
 */
export function tilesCost({ m, n, k }: ProductSizes, small: boolean, splits = 1): number {
  const { rows, columns } = small ? SMALL_TILE : TILE;
  const tiles = Math.ceil(m / rows) * Math.ceil(n / columns) * splits;
  const busy = Math.max(tiles, PROCESSORS * (small ? SMALL_TILES_EACH : 1));
  return (small ? SMALL : 1) * 2 * busy * rows * columns * k / splits;
}

/** Cuts the terms of a product into splits where there are too few tiles for a GPU. */
export function splitsOf({ m, n, k: terms }: ProductSizes): { splits: number; splitTerms: number } {
  const tiles = Math.ceil(m / TILE.rows) * Math.ceil(n / TILE.columns);
  const wanted = Math.max(1, Math.min(Math.floor(BUSY_GROUPS / tiles), Math.floor(terms / MIN_SPLIT_TERMS)));
  const splitTerms = Math.max(16, Math.ceil(terms / wanted / 16) * 16);
  return { splits: Math.max(1, Math.ceil(terms / splitTerms)), splitTerms };
}
