/**
 * Fewer and wider places: what makes a long history short enough for attention among all of them.
 *
 * @module
 */
import { pieceLengths } from "../ops/sequence/latest.ts";
import { placesOf } from "../ops/sequence/places.ts";
import { pad } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { type Places, transformerBlock } from "./history_attention.ts";

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
  const { places, width } = placesOf("merge_places", x);
  if (!(Number.isInteger(size) && size > 0)) {
    throw new RangeError(`Cannot merge places: there must be a positive number of them, received ${size}`);
  }
  const most = Math.ceil(places / size);
  const filled = most * size === places ? x : reshape(pad(flatten(x), most * size * width), ["B", most * size, width]);
  const cut = pieceLengths(lengths, size, most);
  const among = transformerBlock({ x: filled, lengths: cut.lengths }, { name: "merge", ...options });
  return { x: reshape(among, ["B", most, size * width]), lengths: cut.pieces };
}
