/**
 * Launches of products over the field axis: of the whole batch with factors in buffers, or of pieces with them in images.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../../shaders/common/image.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter, Image } from "../../graph/node.ts";
import { type Tensor, widthOf } from "../../graph/tensor.ts";
import { type FieldBlock, fieldProductSource } from "./source.ts";
import { emitImage, rowPieces, rowsLayout } from "../image_pack.ts";
import type { Samples } from "../../ops/interaction/field_kernels.ts";
import type { SharedVariant } from "../shared_text.ts";

/**
 * Kernels whose invocations are few and long, with factors in buffers, in images, or in images of which the invocations of
 * a subgroup fetch what all of them need.
 */
export type FieldVariant = "buffers" | "images" | SharedVariant;

const IMAGES: FieldBlock = { outs: 16, columns: 4, inputColumns: 4, terms: 4, edge: 4, images: true, shared: 1 };

/** What kernels are unrolled for: what a processor's cache holds. */
const BLOCKS: Readonly<Record<FieldVariant, FieldBlock>> = {
  buffers: { ...IMAGES, terms: 1, images: false },
  images: IMAGES,
  shared4: { ...IMAGES, shared: 4 },
  shared8: { ...IMAGES, shared: 8 },
  shared16: { ...IMAGES, shared: 16 },
};

/** Names of all variants. */
export const FIELD_VARIANTS = Object.keys(BLOCKS) as readonly FieldVariant[];

/** Returns what a variant's kernels are unrolled for, given the rows H of the result. */
export function fieldBlock(variant: FieldVariant, outs: number): FieldBlock {
  const block = BLOCKS[variant];
  // Weights cost little where they are shared, so that an invocation takes more rows and fewer columns.
  return block.shared > 1 && outs > block.outs ? { ...block, outs: 2 * block.outs, columns: block.columns / 2 } : block;
}

/** Returns the shader of kernels that are unrolled for a block. */
export function fieldShader(block: FieldBlock): Shader {
  const parts: Readonly<Record<string, string>> = block.images ? { grid, image } : { grid };
  const text = (): string => fieldProductSource(block);
  return generatedShader("field_product_blocks", parts, "fields/source", Object.values(block).map(Number), text);
}

/** Factors of a product; all but w have rows sample by sample. */
export type FieldFactors = Readonly<Partial<Record<"x" | "y" | "w" | "dz", Tensor>>>;

/**
 * Calls `visit` for each launch.
 *
 * @param unit what the samples of all launches but the last must divide by
 */
export function eachLaunch(
  k: Emitter,
  variant: FieldVariant,
  { w, ...factors }: FieldFactors,
  unit: number,
  visit: (bind: Readonly<Record<string, Tensor | Image | undefined>>, samples: Samples) => void,
): void {
  if (!BLOCKS[variant].images) return visit({ w, ...factors }, { first: 0, count: k.batch });
  const weights = w && emitImage(k, w, rowsLayout(w.shape[0] as number, widthOf(w.shape.slice(1))), false);
  const width = [...new Set(Object.values(factors))].reduce((sum, { shape }) => sum + widthOf(shape.slice(1)), 0);
  for (const samples of rowPieces(k.batch, width, unit)) {
    const images = new Map<Tensor, Image>();
    for (const x of Object.values(factors)) {
      const width = widthOf(x.shape.slice(1));
      if (!images.has(x)) images.set(x, emitImage(k, x, rowsLayout(samples.count, width, samples.first), false));
    }
    const bound = Object.entries(factors).map(([name, x]) => [name, images.get(x)]);
    visit({ w: weights, ...Object.fromEntries(bound) }, samples);
    k.free(...images.values());
  }
  if (weights) k.free(weights);
}
