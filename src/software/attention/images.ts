/**
 * Self-attention with projections in images, a piece of the batch at a time.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../../shaders/common/image.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { blockAttentionSource } from "./image_blocks_source.ts";
import { IMAGE_ATTENTION_LANES, imageAttentionSource } from "./images_source.ts";
import { emitImage, rowPieces, rowsLayout } from "../image_pack.ts";

/** Fields at most of which an invocation keeps all scores. */
const FEW_FIELDS = 12;

/** Fours of a head at most, and of a block of queries or keys, where an invocation keeps only those. */
const MOST_QUADS = 4;
const MOST_BLOCK_QUADS = 28;

/** What the kernels are specialized by. */
export interface ImageAttention {
  readonly fields: number;
  readonly heads: number;
  /** Columns of the result. */
  readonly width: number;
  /** Columns of the projections. */
  readonly stride: number;
  readonly residual: "packed" | "input" | "none";
  readonly scale: number;
  readonly relu: boolean;
}

/** Returns whether the kernels made here take attention over so many fields, with heads of so many columns. */
export function fitsImages(fields: number, headWidth: number): boolean {
  return headWidth % 4 === 0 && (fields <= FEW_FIELDS || headWidth / 4 <= MOST_QUADS);
}

/**
 * Appends attention or its backward.
 *
 * @param p projections `[B, F, stride]`
 * @param bind all other tensors that the kernel binds
 */
export function emitImageAttention(
  k: Emitter,
  entry: "forward" | "both",
  p: Tensor,
  bind: Readonly<Record<string, Tensor>>,
  { fields, heads, width, stride, residual, scale, relu }: ImageAttention,
): void {
  const quads = width / heads / 4;
  const block = fields <= FEW_FIELDS ? fields : blockOf(fields, quads);
  const shader = fields <= FEW_FIELDS ? fewFields(fields) : manyFields(fields, quads, block);
  for (const { first, count } of rowPieces(k.batch * fields, stride, fields)) {
    const piece = emitImage(k, p, rowsLayout(count, stride, first), false);
    const batch = count / fields;
    k.run({
      shader,
      entry,
      bind: { ...bind, p: piece },
      constants: { RELU: relu, RESIDUAL: residual !== "none", PACKED: residual === "packed" },
      params: {
        batch,
        sample: first / fields,
        heads,
        quads,
        width: width / 4,
        stride: stride / 4,
        scale,
      },
      grid: Math.ceil(batch * heads * (entry === "forward" ? Math.ceil(fields / block) : 1) / IMAGE_ATTENTION_LANES),
      flops: (entry === "forward" ? 4 : 10) * count * fields * width,
    });
    k.free(piece);
  }
}

/** Returns the size of the fewest blocks that registers allow, as even as can be. */
function blockOf(fields: number, quads: number): number {
  return Math.ceil(fields / Math.ceil(fields / Math.floor(MOST_BLOCK_QUADS / quads)));
}

function fewFields(fields: number): Shader {
  return shaderOf("attention/images_source", [fields], () => imageAttentionSource(fields));
}

function manyFields(fields: number, quads: number, block: number): Shader {
  const text = (): string => blockAttentionSource({ fields, quads, block });
  return shaderOf("attention/image_blocks_source", [fields, quads], text);
}

function shaderOf(source: string, sizes: readonly number[], text: () => string): Shader {
  return generatedShader("attention_images", { grid, image }, source, sizes, text);
}
