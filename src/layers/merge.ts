/**
 * Fewer and wider places: what makes a long history short enough for attention among all of them.
 *
 * @module
 */
import { placesOf } from "../ops/sequence/places.ts";
import { reshape } from "../ops/shape/reshape.ts";
import { type Places, transformerBlock } from "./history_attention.ts";
import { cutPieces } from "./sessions.ts";

/** Options of {@linkcode mergePlaces}. */
export interface MergePlacesOptions {
  /** Name of the layer within a piece. @default {"merge"} */
  name?: string;
  /** Heads of its attention. @default {2} */
  heads?: number;
  /** Width of the hidden layer of its feed-forward part. @default {as many columns as x has} */
  feedForward?: number;
  /** Probability of zeroing a number in it in training. @default {0} */
  dropout?: number;
}

/**
 * Merges `size` neighboring places of a history to one, whose columns are theirs side by side behind a layer of a
 * transformer among them.
 *
 * The first piece begins with the oldest place. The last one may have fewer places; no other place attends to those that it
 * lacks. Chai et al.: LONGER. RecSys 2025, arXiv:2505.04421, section 3.3.
 *
 * @returns `[B, ceil(L / size), size N]`, and lengths in pieces
 * @throws {RangeError} when `size` is not a positive integer, or the heads do not divide the columns
 */
export function mergePlaces({ x, lengths }: Places, size: number, options: MergePlacesOptions = {}): Places {
  const pieces = cutPieces({ x, lengths }, size);
  const among = transformerBlock(pieces, { name: "merge", ...options });
  const { width } = placesOf("merge_places", x);
  return { x: reshape(among, ["B", pieces.most, size * width]), lengths: pieces.counts };
}
