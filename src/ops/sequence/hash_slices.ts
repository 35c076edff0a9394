/**
 * Attention by hash collisions on GPUs: tiles of places are hashed by workgroups of their own, then slices are added up.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import matches from "../../../shaders/sequence/hash_matches.wgsl" with { type: "text" };
import slices from "../../../shaders/sequence/hash_slices.wgsl" with { type: "text" };
import type { DeviceLimits } from "../../gpu/profile.ts";
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { emitMerged, fillsSlices, placeSlicesOf, runSlices } from "./place_slices.ts";
import { hashConstants, type HashSizes, wordsOf } from "./sign_hash.ts";

/** Places of a tile, and lanes of them in workgroup memory at most. */
const TILE = 64;
const CHUNK = 8;

/** Returns whether a tile of places with the target and the marks of codes fit in workgroup memory. */
export function fitsHashSlices({ workgroupBytes }: DeviceLimits, sizes: HashSizes): boolean {
  const { width, count } = lanesOf(sizes.width);
  const numbers = (TILE + 1) * Math.min(CHUNK, count) * width + TILE * wordsOf(sizes);
  return fillsSlices(sizes) && 4 * numbers <= workgroupBytes;
}

/** Appends the matches of the places, and the sum of those that match. */
export function emitHashSlices(
  k: Emitter,
  { q, x, lengths, directions, matches: found, y }: Readonly<
    Record<"q" | "x" | "lengths" | "directions" | "matches" | "y", Tensor>
  >,
  sizes: HashSizes,
  flops: number,
): void {
  const { places, width, codes } = sizes;
  const words = { CODES: codes, WORDS: wordsOf(sizes) };
  const tiles = Math.ceil(places / TILE);
  k.run({
    shader: shader("hash_attention", { grid, ...lanesOf(width).part, hash_matches: matches }),
    entry: "match_codes",
    bind: { q, x, lengths, directions, matches: found },
    constants: { ...hashConstants(sizes), ...words },
    params: { batch: k.batch, places, tiles },
    grid: k.batch * tiles,
    flops,
  });
  const rows = k.batch;
  const call = { name: "hash_attention", files: { hash_slices: slices }, entry: "pool", constants: words };
  emitMerged(k, y, { ...placeSlicesOf(sizes), width, rows }, (parts) => {
    runSlices(k, { ...call, bind: { x, lengths, matches: found, y: parts }, rows, places, width });
  });
}
