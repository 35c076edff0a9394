/**
 * Histories cut into slices, so that few rows with long histories keep a GPU busy.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import merge from "../../../shaders/sequence/merge_slices.wgsl" with { type: "text" };
import join from "../../../shaders/sequence/slice_join.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/place_slices.wgsl" with { type: "text" };
import { type Constants, type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import type { Places } from "./places.ts";

/** Threads of a workgroup at most, and those that run in step on every GPU. */
const THREADS = 256;
const WAVE = 32;

/** Lanes of a place that a workgroup takes at most. */
const ACROSS = 64;

/** Places of a thread at least, and of a slice. */
const THREAD_PLACES = 4;
const SLICE_PLACES = 64;

/** Time of an operation by slices, where one by a thread that takes a column of all places takes 1. */
const SLICES = 0.5;

/** How much longer slices take on a processor, which pays for each barrier. */
export const SLICES_ON_PROCESSOR = 16;

/** How the places of a history are cut: by their number and width alone, so that a row's sums have one order in all batches. */
export interface PlaceSlices {
  /** Lanes of a place. */
  readonly count: number;
  /** Lanes that a workgroup takes. */
  readonly across: number;
  /** Threads that share a lane. */
  readonly parts: number;
  /** Places of a slice. */
  readonly slice: number;
  readonly slices: number;
}

/** Returns how histories are cut. */
export function placeSlicesOf({ places, width }: Places): PlaceSlices {
  const { count } = lanesOf(width);
  const across = Math.min(ACROSS, powerFrom(count));
  const useful = powerFrom(Math.ceil(places / THREAD_PLACES));
  const parts = Math.min(THREADS / across, Math.max(Math.ceil(WAVE / across), useful));
  const slice = Math.max(SLICE_PLACES, THREAD_PLACES * parts);
  return { count, across, parts, slice, slices: Math.ceil(places / slice) };
}

/** Returns whether a history has work for the threads of a workgroup. */
export function fillsSlices({ places, width }: Places): boolean {
  return places * lanesOf(width).count >= WAVE;
}

/** Returns the cost of operations by slices, where {@linkcode fillsSlices} holds. */
export function slicesCost(operations: number): number {
  return SLICES * operations;
}

function powerFrom(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** A kernel by slices over the history of each of so many rows. */
export interface SlicesCall extends Places {
  /** Name of the kernel family, and the text that comes behind `place_slices.wgsl`. */
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly entry: string;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly constants?: Constants;
  readonly rows: number;
}

/** Appends a kernel by slices. */
export function runSlices(k: Emitter, { name, files, entry, bind, constants, rows, places, width }: SlicesCall): void {
  const { count, across, parts, slice, slices } = placeSlicesOf({ places, width });
  k.run({
    shader: shader(name, { grid, ...lanesOf(width).part, slice_join: join, place_slices: source, ...files }),
    entry,
    bind,
    constants: { COUNT: count, ACROSS: across, PARTS: parts, SLICE: slice, SLICES: slices, ...constants },
    params: { batch: rows, places },
    grid: rows * slices * Math.ceil(count / across),
  });
}

/** How slices become one row. */
export interface Merge {
  readonly slices: number;
  /** Columns of a row. */
  readonly width: number;
  readonly rows: number;
  /** Whether the largest numbers stay instead of the sums. @default {false} */
  readonly largest?: boolean;
}

/** Has `append` write what each slice comes to, and makes it one row: `y`, which a single slice is written to at once. */
export function emitMerged(
  k: Emitter,
  y: Tensor,
  { slices, width, rows, largest = false }: Merge,
  append: (parts: Tensor) => void,
): void {
  if (slices === 1) return append(y);
  const parts = k.scratch(["B", slices * rows / k.batch, width]);
  append(parts);
  const { count, part } = lanesOf(width);
  k.run({
    shader: mergeShader(part),
    entry: "merge",
    bind: { parts, y },
    constants: { COUNT: count, SLICES: slices, LARGEST: largest },
    params: { batch: rows },
    grid: Math.ceil(rows * count / 64),
  });
}

function mergeShader(part: Readonly<Record<string, string>>): Shader {
  return shader("merge_slices", { grid, ...part, slice_join: join, merge_slices: merge });
}
