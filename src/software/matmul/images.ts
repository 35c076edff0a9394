/**
 * Matrix products with factors in images, a piece of the rows at a time.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import image from "../../../shaders/common/image.wgsl" with { type: "text" };
import { type Constants, generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter, Image } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitImage, type MatrixLayout, rowPieces, rowsLayout } from "../image_pack.ts";
import { crossImageSource, imageSource } from "./images_source.ts";
import { columnsOf, padded, rowsOf } from "../../ops/dense/matmul_layout.ts";
import { blockOf, groupsOf, type ImageVariant } from "./variant.ts";

/** Returns the shader of products, or of those of matrix cross layers. */
export function imageShader(variant: ImageVariant, source: typeof imageSource | typeof crossImageSource): Shader {
  const name = source === crossImageSource ? "cross_images" : "matmul_images";
  return generatedShader(name, { grid, image }, "matmul/images_source", [variant], () => source(blockOf(variant)));
}

/** What becomes of a product's sums. */
export interface RowEpilogue {
  /** The kernel. @default the product itself */
  readonly shader?: Shader;
  readonly entry: string;
  /** All that the kernel binds besides the factors. */
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly constants?: Constants;
  readonly hasBias?: boolean;
  readonly hasRelu?: boolean;
}

/** Options of {@linkcode emitImageRows}. */
export interface RowOptions extends RowEpilogue {
  /** Whether the node holds images of a, an input of it, for more products. */
  readonly holds?: boolean;
}

/**
 * Appends y = epilogue(a b), where the rows of y are in whole fours.
 *
 * @param a its rows as wide as b has rows
 * @param layout how b `[K, N]` lies in its tensor
 */
export function emitImageRows(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  layout: MatrixLayout,
  variant: ImageVariant,
  { holds = false, ...epilogue }: RowOptions,
): void {
  const { shader = imageShader(variant, imageSource), entry, bind, constants, hasBias, hasRelu } = epilogue;
  const [inner, n] = [layout.rows, layout.columns];
  const right = emitImage(k, b, layout, true);
  const { rows, shared } = blockOf(variant);
  for (const { first, count } of rowPieces(rowsOf(a, k.batch), inner, rows * shared)) {
    const make = (): Image => emitImage(k, a, rowsLayout(count, inner, first), false);
    const left = holds ? k.held(a, `${first} ${count}`, make) : make();
    k.run({
      shader,
      entry,
      bind: { ...bind, a: left, b: right },
      constants,
      params: {
        m: count,
        k: inner,
        n,
        quads: padded(n) / 4,
        a_quads: padded(inner) / 4,
        first,
        slice_rows: 0,
        has_bias: Number(hasBias ?? false),
        has_relu: Number(hasRelu ?? false),
      },
      grid: groupsOf(variant, count, n),
      flops: 2 * count * n * inner,
    });
    if (!holds) k.free(left);
  }
  k.free(right);
}

/** Appends y[s] = a^T b over the rows of each slice s, in rows and slices of whole fours. */
export function emitImageColumns(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  sliceRows: number,
  variant: ImageVariant,
): void {
  const [m, n] = [columnsOf("matmulTn", a), columnsOf("matmulTn", b)];
  for (const { first, count } of rowPieces(rowsOf(a, k.batch), Math.max(m, n), sliceRows)) {
    const left = emitImage(k, a, rowsLayout(count, m, first), true);
    const right = emitImage(k, b, rowsLayout(count, n, first), true);
    k.run({
      shader: imageShader(variant, imageSource),
      entry: "product_tn",
      bind: { a: left, b: right, y },
      params: {
        m,
        k: count,
        n,
        quads: padded(n) / 4,
        a_quads: padded(m) / 4,
        first: first / sliceRows,
        slice_rows: sliceRows,
        has_bias: 0,
        has_relu: 0,
      },
      grid: groupsOf(variant, m, n, Math.ceil(count / sliceRows)),
      flops: 2 * m * n * count,
    });
    k.free(left, right);
  }
}
