/**
 * A dense layer over element products of pairs, for drivers on the processor that prefer images: products are formed there
 * while they are multiplied.
 *
 * @module
 */
import type { Emitter, Image } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { KernelSet } from "../../kernels/set.ts";
import type { Variant } from "../../kernels/variant.ts";
import { columnsOf } from "../../ops/dense/matmul_layout.ts";
import {
  eachWindow,
  emitFactorGradients,
  emitWindow,
  firstRow,
  mostPairs,
  pairDenseFlops,
  pairDenseForwardKernel,
  type PairDenseProblem,
  pairDenseSourceKernel,
  type PairDenseTask,
  pairDenseWeightKernel,
  type Window,
} from "../../ops/interaction/pair_dense.ts";
import { emitCopyRows } from "../../ops/interaction/pair_elements.ts";
import { existingPairs } from "../../ops/interaction/pairs.ts";
import { rounds } from "../../ops/shape/scratch.ts";
import { prefersImages } from "../drivers.ts";
import { rowsLayout, transposedLayout } from "../image_pack.ts";
import { emitImageRows } from "../matmul/images.ts";
import { emitColumnProduct } from "../matmul/products.ts";
import { imageVariantFor } from "../matmul/variant.ts";
import { emitPairColumns, emitPairRows, emitRowsImage } from "./dense_images.ts";

/** Time of an operation in images, where one in buffers takes 1. */
const IMAGES = { preferred: 0.5, other: 2 };

/** Registers the variants. */
export function registerPairDense(kernels: KernelSet): void {
  kernels.register(pairDenseForwardKernel, [images(emitForward)]);
  kernels.register(pairDenseWeightKernel, [images(emitWeight)]);
  kernels.register(pairDenseSourceKernel, [images(emitSource)]);
}

function images(emit: (k: Emitter, task: PairDenseTask) => void): Variant<PairDenseTask, PairDenseProblem> {
  return {
    name: "images",
    fits: ({ storageTextures }, { dim, n }) => storageTextures && dim % 4 === 0 && n % 4 === 0,
    cost: (profile, problem) => pairDenseFlops(problem) * (prefersImages(profile) ? IMAGES.preferred : IMAGES.other),
    emit,
  };
}

/** Returns a window without the pairs past the last one. */
function narrowed(window: Window): Window {
  return { ...window, pairs: existingPairs(window) };
}

/** Returns images of the two tensors whose products are taken, and of others, for all windows of a source. */
function imagesFor(k: Emitter, { a, b }: Window, ...others: Tensor[]): Image[] {
  return [a, b, ...others].map((x, i) => k.held(a, `image ${i}`, () => emitRowsImage(k, x)));
}

function emitForward(k: Emitter, { inputs: [weight, ...inputs], outputs: [y], attributes }: PairDenseTask): void {
  const variant = imageVariantFor(k.gpu.profile);
  const round = rounds(k);
  const terms = mostPairs(k, attributes) * attributes.dim;
  let adds = false;
  eachWindow(k, inputs, attributes, (padded) => {
    const window = narrowed(padded);
    if (window.hasMatrices) {
      const r = round().scratch(["B", terms]);
      emitWindow(k, window, r);
      const layout = rowsLayout(window.pairs * window.dim, columnsOf("pairDense", weight), window.row);
      const epilogue = { entry: "product", bind: { bias: weight, y }, constants: { ADDS: adds } };
      emitImageRows(k, r, weight, layout, variant, epilogue);
    } else {
      emitPairRows(k, imagesFor(k, window), weight, y, window, adds, variant);
    }
    adds = true;
  });
}

function emitWeight(
  k: Emitter,
  { inputs: [weight, dy, ...inputs], outputs: [dWeight], attributes }: PairDenseTask,
): void {
  const variant = imageVariantFor(k.gpu.profile);
  const round = rounds(k);
  const terms = mostPairs(k, attributes) * attributes.dim;
  eachWindow(k, inputs, attributes, (window) => {
    if (!window.hasMatrices) {
      return emitPairColumns(k, imagesFor(k, window, dy), dWeight, narrowed(window), variant);
    }
    const own = round();
    const [r, rows] = [own.scratch(["B", terms]), own.scratch([terms, weight.shape[1]])];
    emitWindow(k, window, r);
    emitColumnProduct(own, { a: r, b: dy, y: rows }, variant);
    emitCopyRows(k, rows, dWeight, { from: 0, to: window.row, count: existingPairs(window) * window.dim });
  });
}

function emitSource(
  k: Emitter,
  { inputs: [weight, dy, ...inputs], outputs, attributes, source = 0 }: PairDenseTask,
): void {
  const variant = imageVariantFor(k.gpu.profile);
  const round = rounds(k);
  const { dim } = attributes;
  const most = mostPairs(k, attributes);
  const dr = k.scratch(["B", most * dim]);
  eachWindow(k, inputs, attributes, (padded) => {
    const window = narrowed(padded);
    const layout = transposedLayout(columnsOf("pairDense", dy), window.pairs * dim, window.row);
    const epilogue = { entry: "product", bind: { bias: weight, y: dr } };
    // With matrices the backward pass has images of its own, and memory for those of dy would be one too many.
    emitImageRows(k, dy, weight, layout, variant, { ...epilogue, holds: !window.hasMatrices });
    emitFactorGradients(k, window, dr, outputs, most, round);
  }, firstRow(attributes, source));
}
