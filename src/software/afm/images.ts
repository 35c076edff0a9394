/**
 * Attention over pairs with embeddings and weights in images, some samples at a time.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../../shaders/common/image.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Constants, generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter, Image } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { AfmSizes, AfmWeights } from "../../ops/interaction/afm_kernels.ts";
import { AFM_LANES, afmImageSource, SLICE_UNITS } from "./images_source.ts";
import { emitImage, rowPieces, rowsLayout, slicesOfPiece } from "../image_pack.ts";

/** Widest embeddings of which the kernels hold some pairs. */
const MOST_DIM = 32;

/** Pairs, and numbers of their products, that an invocation holds at most. */
const MOST_PAIRS = 16;
const MOST_NUMBERS = 160;

/** Returns whether the kernels made here take embeddings of such a width. */
export function fitsImages({ dim }: Pick<AfmSizes, "dim">): boolean {
  return dim <= MOST_DIM;
}

/** Appends `forward` or `backward`; `bind` has all that the kernel binds besides e and the weights. */
export function emitAfmImages(
  k: Emitter,
  entry: "forward" | "backward",
  sizes: AfmSizes,
  e: Tensor,
  weights: AfmWeights,
  bind: Readonly<Record<string, Tensor>>,
  constants: Constants,
): void {
  const { fields, dim, pairs, hidden } = sizes;
  eachPiece(k, sizes, e, weights, 1, (images, piece) =>
    k.run({
      shader: shaderOf(sizes),
      entry,
      bind: { ...images, ...bind },
      constants,
      params: { ...piece, fields, pairs, hidden, slice_rows: 0, slice: 0, slices: 0 },
      grid: Math.ceil(piece.batch / AFM_LANES),
      flops: (entry === "forward" ? 2 : 4) * piece.batch * pairs * hidden * dim,
    }));
}

/** Appends the sums over each of `slices` slices of the batch that gradients of weights are made of. */
export function emitAfmSlices(
  k: Emitter,
  sizes: AfmSizes,
  e: Tensor,
  weights: AfmWeights,
  bind: Readonly<Record<string, Tensor>>,
  slices: number,
): void {
  const { fields, dim, pairs, hidden } = sizes;
  const sliceRows = Math.ceil(k.batch / slices);
  eachPiece(k, sizes, e, weights, sliceRows, (images, piece) => {
    const taken = slicesOfPiece({ first: piece.sample, count: piece.batch }, k.batch, sliceRows, slices);
    k.run({
      shader: shaderOf(sizes),
      entry: "slices",
      bind: { ...images, ...bind },
      params: { ...piece, fields, pairs, hidden, slice_rows: sliceRows, ...taken },
      grid: Math.ceil(taken.slices * Math.ceil(hidden / SLICE_UNITS) / AFM_LANES),
      flops: 4 * piece.batch * pairs * hidden * dim,
    });
  });
}

/** Visits pieces of the batch, of multiples of `unit` samples, whose embeddings are in an image. */
function eachPiece(
  k: Emitter,
  { fields, dim, hidden }: AfmSizes,
  e: Tensor,
  { wt, bias, head }: AfmWeights,
  unit: number,
  visit: (images: Readonly<Record<string, Image>>, piece: { batch: number; sample: number }) => void,
): void {
  const weights = {
    wt: emitImage(k, wt, rowsLayout(hidden, dim), true),
    bias: emitImage(k, bias, rowsLayout(1, hidden), false),
    head: emitImage(k, head, rowsLayout(1, hidden), false),
  };
  for (const { first: sample, count: batch } of rowPieces(k.batch, 4 * fields * Math.ceil(dim / 4), unit)) {
    const piece = emitImage(k, e, rowsLayout(batch * fields, dim, sample * fields), false);
    visit({ e: piece, ...weights }, { batch, sample });
    k.free(piece);
  }
  k.free(...Object.values(weights));
}

function shaderOf({ dim, pairs }: AfmSizes): Shader {
  const most = Math.min(MOST_PAIRS, Math.max(1, Math.floor(MOST_NUMBERS / dim)));
  const block = Math.ceil(pairs / Math.ceil(pairs / most));
  const text = (): string => afmImageSource({ dim, pairs: block });
  return generatedShader("afm_images", { grid, step, random, image }, "afm/images_source", [dim, block], text);
}
