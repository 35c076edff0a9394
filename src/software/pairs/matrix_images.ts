/**
 * Pairs of fields joined by matrices, with embeddings and matrices in images, some samples at a time.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../../shaders/common/image.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter, Image } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitImage, rowPieces, rowsLayout, slicesOfPiece } from "../image_pack.ts";
import {
  BACKWARD_SAMPLES,
  FORWARD_SAMPLES,
  PAIR_LANES,
  pairImageSource,
  quadsOf,
  type Upstream,
} from "./matrix_images_source.ts";
import { existingPairs, type PairWindow } from "../../ops/interaction/pairs.ts";

/** Widest embeddings whose matrices the kernels hold. */
const MOST_DIM = 20;

/** Texels of the image of a window's matrices at the most. */
const MOST_TEXELS = 1 << 18;

/** Returns whether the kernels made here compute so many pairs of such a width. */
export function fitsImages({ dim, pairs }: { readonly dim: number; readonly pairs: number }): boolean {
  return dim <= MOST_DIM && pairs * dim * quadsOf(dim) <= MOST_TEXELS;
}

/** Appends products (r) or their sums over D (q) from images. */
export function emitForwardImages(
  k: Emitter,
  window: PairWindow,
  { e, weight, ...outputs }: Readonly<Record<"e" | "weight", Tensor>> & { readonly r?: Tensor; readonly q?: Tensor },
): void {
  const entry = outputs.r ? "products" : "forward";
  const matrices = emitMatrixImage(k, window, weight);
  eachPiece(k, window, { e }, FORWARD_SAMPLES, (bind, params) =>
    k.run({
      shader: shaderOf(window.dim, "products"),
      entry,
      bind: { ...bind, weight: matrices, ...outputs },
      params,
      grid: Math.ceil(window.pairs * Math.ceil(params.batch / FORWARD_SAMPLES) / PAIR_LANES),
      flops: flopsOf(window, params.batch),
    }));
  k.free(matrices);
}

/** Appends the gradient by e from images. */
export function emitBackwardImages(
  k: Emitter,
  window: PairWindow,
  upstream: Upstream,
  { e, weight, g, de }: Readonly<Record<"e" | "weight" | "g" | "de", Tensor>>,
  accumulates: boolean,
): void {
  const matrices = emitMatrixImage(k, window, weight);
  eachPiece(k, window, factorsOf(upstream, e, g), BACKWARD_SAMPLES, (bind, params) =>
    k.run({
      shader: shaderOf(window.dim, upstream),
      entry: "backward",
      bind: { g, ...bind, weight: matrices, de },
      params: { ...params, accumulates: Number(accumulates) },
      grid: Math.ceil(params.batch / BACKWARD_SAMPLES / PAIR_LANES),
      flops: 2 * flopsOf(window, params.batch),
    }));
  k.free(matrices);
}

/** Appends the sums of the gradients by the matrices over each of `slices` slices of the batch, from images. */
export function emitSliceImages(
  k: Emitter,
  window: PairWindow,
  upstream: Upstream,
  { e, g, partial }: Readonly<Record<"e" | "g" | "partial", Tensor>>,
  slices: number,
): void {
  const sliceRows = Math.ceil(k.batch / slices);
  eachPiece(k, window, factorsOf(upstream, e, g), sliceRows, (bind, params) => {
    const taken = slicesOfPiece({ first: params.sample, count: params.batch }, k.batch, sliceRows, slices);
    k.run({
      shader: shaderOf(window.dim, upstream),
      entry: "slices",
      bind: { g, ...bind, partial },
      params: { ...params, slice_rows: sliceRows, ...taken },
      grid: Math.ceil(taken.slices * params.count / PAIR_LANES),
      flops: flopsOf(window, params.batch),
    });
  });
}

/** Sizes of a piece of the batch, as kernels see them. */
type PieceParams = Readonly<Record<"batch" | "sample" | "count", number> & Record<string, number>>;

/** What is read sample by sample: rows of fields, and of pairs. */
interface Factors {
  readonly e: Tensor;
  readonly g?: Tensor;
}

/** Returns what comes from images; where g is a number a pair or a sample, texels would gain nothing. */
function factorsOf(upstream: Upstream, e: Tensor, g: Tensor): Factors {
  return upstream === "products" ? { e, g } : { e };
}

/** Visits pieces of the batch, whose factors are in images. */
function eachPiece(
  k: Emitter,
  window: PairWindow,
  { e, g }: Factors,
  unit: number,
  visit: (bind: Readonly<Record<string, Image>>, params: PieceParams) => void,
): void {
  const { fields, dim, first, pairs } = window;
  const none = { accumulates: 0, slice_rows: 0, slice: 0, slices: 0 };
  // Products of window after window read the same embeddings; gradients have images of their own beside them.
  const keeps = !g && existingPairs(window) < fields * (fields - 1) / 2;
  const most = g ? Math.max(fields, pairs) : fields;
  for (const { first: sample, count: batch } of rowPieces(k.batch, most * 4 * quadsOf(dim), unit)) {
    const imageOf = (x: Tensor, perSample: number): Image =>
      emitImage(k, x, rowsLayout(batch * perSample, dim, sample * perSample), false);
    const imageOfE = keeps ? k.held(e, `${sample} ${batch}`, () => imageOf(e, fields)) : imageOf(e, fields);
    const images = { e: imageOfE, ...(g && { g: imageOf(g, pairs) }) };
    visit(images, { ...none, batch, sample, fields, first, pairs, count: existingPairs(window) });
    if (!keeps) k.free(imageOfE);
    if (images.g) k.free(images.g);
  }
}

function emitMatrixImage(k: Emitter, window: PairWindow, weight: Tensor): Image {
  const { dim, first } = window;
  return emitImage(k, weight, rowsLayout(existingPairs(window) * dim, dim, first * dim), false);
}

function flopsOf(window: PairWindow, samples: number): number {
  return 2 * samples * existingPairs(window) * window.dim * window.dim;
}

function shaderOf(dim: number, upstream: Upstream): Shader {
  const files = { grid, image, pair_order: order };
  const text = (): string => pairImageSource(dim, upstream);
  return generatedShader("pair_matrix_images", files, "pairs/matrix_images_source", [dim, upstream], text);
}
