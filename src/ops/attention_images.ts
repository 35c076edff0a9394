/**
 * Self-attention over few fields with projections in images, a piece of the batch at a time.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import image from "../../shaders/image.wgsl" with { type: "text" };
import type { Shader } from "../gpu/shader.ts";
import type { Emitter } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { IMAGE_ATTENTION_LANES, imageAttentionSource } from "./attention_images_source.ts";
import { emitImage, rowPieces, rowsLayout } from "./image_pack.ts";

/** Fields at most: an invocation keeps two numbers for each pair of them. */
const MOST_FIELDS = 12;

/** What the kernels are specialised by. */
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

const shaders = new Map<number, Shader>();

/** Returns whether the kernels made here take attention over so many fields, with heads of so many columns. */
export function fitsImages(fields: number, headWidth: number): boolean {
  return fields <= MOST_FIELDS && headWidth % 4 === 0;
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
  const shader = shaderOf(fields);
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
        quads: width / heads / 4,
        width: width / 4,
        stride: stride / 4,
        scale,
      },
      grid: Math.ceil(batch * heads / IMAGE_ATTENTION_LANES),
      flops: (entry === "forward" ? 4 : 10) * count * fields * width,
    });
    k.free(piece);
  }
}

function shaderOf(fields: number): Shader {
  const parts = [
    { file: "shaders/grid.wgsl", text: grid },
    { file: "shaders/image.wgsl", text: image },
  ];
  let kernels = shaders.get(fields);
  if (!kernels) {
    const text = { file: "src/ops/attention_images_source.ts", text: imageAttentionSource(fields) };
    shaders.set(fields, kernels = { name: "attention_images", parts: [...parts, text] });
  }
  return kernels;
}
