/**
 * Products of a dense layer over element products of pairs of fields, which are formed while they are multiplied.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../../shaders/common/image.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter, Image } from "../../graph/node.ts";
import { type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitImage, rowsLayout } from "../image_pack.ts";
import { columnsOf, padded } from "../../ops/dense/matmul_layout.ts";
import type { Block } from "../matmul/text.ts";
import { IMAGE_LANES } from "../matmul/images_source.ts";
import { blockOf, blocksOf, type ImageVariant } from "../matmul/variant.ts";
import { pairDenseSource } from "./dense_images_source.ts";
import type { PairWindow } from "../../ops/interaction/pairs.ts";

/** Samples of a product by columns: few enough for their part of the images to stay in a processor's cache. */
const SLICE = 1024;

/** Some pairs, all of which exist, and where their rows of the weight are. */
export interface WeightedPairs extends PairWindow {
  /** First row of the weight. */
  readonly row: number;
}

/** Appends an image of all rows, with zeros up to a multiple of four of them. */
export function emitRowsImage(k: Emitter, x: Tensor): Image {
  return emitImage(k, x, rowsLayout(k.batch, widthOf(x.shape.slice(1))), true);
}

/**
 * Appends y = r w, or y += r w where `adds` says so, for the products r of some pairs and their rows of w.
 *
 * @param factors images of u and x
 */
export function emitPairRows(
  k: Emitter,
  [a, x]: readonly Image[],
  w: Tensor,
  y: Tensor,
  pairs: WeightedPairs,
  adds: boolean,
  variant: ImageVariant,
): void {
  const b = emitImage(k, w, rowsLayout(pairs.pairs * pairs.dim, columnsOf("pairDense", w), pairs.row), false);
  const params = { m: k.batch, k: 0, sample: 0, first: 0, slice_rows: 0 };
  emit(k, "product", { a, x, b, bias: w, y }, y, pairs, { adds, samples: k.batch, params }, variant);
  k.free(b);
}

/**
 * Appends dw = r^T dy for the products r of some pairs and their rows of dw.
 *
 * @param factors images of u, x and dy
 */
export function emitPairColumns(
  k: Emitter,
  [a, x, b]: readonly Image[],
  dw: Tensor,
  pairs: WeightedPairs,
  variant: ImageVariant,
): void {
  const m = pairs.pairs * pairs.dim;
  for (let sample = 0; sample < k.batch; sample += SLICE) {
    const samples = padded(Math.min(SLICE, k.batch - sample));
    const params = { m, k: samples, sample, first: pairs.row, slice_rows: samples };
    emit(k, "product_tn", { a, x, b, y: dw }, dw, pairs, { adds: sample > 0, samples, params }, variant);
  }
}

/** Appends a kernel whose result y has params.m rows. */
function emit(
  k: Emitter,
  entry: string,
  bind: Readonly<Record<string, Tensor | Image>>,
  y: Tensor,
  pairs: PairWindow,
  { adds, samples, params }: { adds: boolean; samples: number; params: Readonly<Record<string, number>> },
  variant: ImageVariant,
): void {
  const n = columnsOf("pairDense", y);
  const block = pairBlock(variant, n);
  k.run({
    shader: pairShader(block, pairs),
    entry,
    bind,
    constants: { ADDS: adds },
    params: { ...paramsOf(pairs, n), ...params },
    grid: Math.ceil(blocksOf(block, params.m, n) / IMAGE_LANES),
    flops: 2 * samples * n * pairs.pairs * pairs.dim,
  });
}

/**
 * Returns the blocks of a layer of N columns.
 *
 * Those of sixteen invocations are smaller than other products'. Pairs need more code, that for wide vectors is long, and
 * in some processes the loop of larger blocks missed the processor's instruction cache and took up to three times as long.
 */
function pairBlock(variant: ImageVariant, n: number): Block {
  const block = blockOf(variant);
  if (block.shared < 16) return block;
  const [narrow, wide] = [{ ...block, rows: 4, columns: 32 }, { ...block, rows: 4, columns: 40 }];
  return Math.ceil(n / 40) * 40 <= Math.ceil(n / 32) * 32 ? wide : narrow;
}

function pairShader(block: Block, { dim }: PairWindow): Shader {
  const text = (): string => pairDenseSource(block, dim / 4);
  const parts = { grid, image, pair_order: order };
  return generatedShader("pair_dense", parts, "pairs/dense_images_source", [...Object.values(block), dim], text);
}

function paramsOf({ fields, dim, first, pairs }: PairWindow, n: number): Record<string, number> {
  return {
    n,
    quads: n / 4,
    a_quads: pairs * dim / 4,
    sample_quads: fields * dim / 4,
    fields,
    pair: first,
    has_bias: 0,
    has_relu: 0,
  };
}
