/**
 * Matrix products with factors in images, a piece of the rows at a time.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import image from "../../shaders/image.wgsl" with { type: "text" };
import { type Constants, generatedShader, type Shader } from "../gpu/shader.ts";
import type { Emitter, Image } from "../graph/node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { emitImage, type MatrixLayout, rowPieces, rowsLayout } from "./image_pack.ts";
import { crossImageSource, imageSource } from "./matmul_images_source.ts";
import { columnsOf, padded, rowsOf } from "./matmul_layout.ts";
import { blockOf, groupsOf, type ImageVariant } from "./matmul_variant.ts";

/** Returns the shader of products, or of those of matrix cross layers. */
export function imageShader(variant: ImageVariant, source: typeof imageSource | typeof crossImageSource): Shader {
  const name = source === crossImageSource ? "cross_images" : "matmul_images";
  return generatedShader(name, { grid, image }, "matmul_images_source", [variant], () => source(blockOf(variant)));
}

/** A left factor, which comes into images a piece of its rows at a time. */
export interface LeftFactor {
  readonly rows: number;
  readonly columns: number;
  /** Appends what fills an image with rows, and where `wholeFours` asks for it with zeros up to a multiple of four. */
  image(first: number, count: number, wholeFours: boolean): Image;
  /** Whether its images are held by the node. */
  readonly held?: boolean;
}

/** Returns a tensor as a left factor; all sizes but the last count as rows. */
export function leftFactor(k: Emitter, a: Tensor): LeftFactor {
  const columns = columnsOf("matmul", a);
  return {
    rows: rowsOf(a, k.batch),
    columns,
    image: (first, count, wholeFours) => emitImage(k, a, rowsLayout(count, columns, first), wholeFours),
  };
}

/** Returns an input of a node as a left factor of several products, whose images are made once. */
export function heldFactor(k: Emitter, a: Tensor): LeftFactor {
  const factor = leftFactor(k, a);
  return {
    ...factor,
    image: (first, count, wholeFours) =>
      k.held(a, `${first} ${count} ${wholeFours}`, () => factor.image(first, count, wholeFours)),
    held: true,
  };
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

/**
 * Appends y = epilogue(a b), where y has `n` columns in rows of whole fours.
 *
 * @param layout how b `[K, N]` lies in its tensor
 */
export function emitImageRows(
  k: Emitter,
  a: LeftFactor,
  b: Tensor,
  layout: MatrixLayout,
  variant: ImageVariant,
  { shader = imageShader(variant, imageSource), entry, bind, constants, hasBias = false, hasRelu = false }: RowEpilogue,
): void {
  const inner = a.columns;
  const n = layout.columns;
  const right = emitImage(k, b, layout, true);
  const { rows, shared } = blockOf(variant);
  for (const { first, count } of rowPieces(a.rows, inner, rows * shared)) {
    const left = a.image(first, count, false);
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
        has_bias: Number(hasBias),
        has_relu: Number(hasRelu),
      },
      grid: groupsOf(variant, count, n),
      flops: 2 * count * n * inner,
    });
    if (!a.held) k.free(left);
  }
  k.free(right);
}

/** Appends y[s] = a^T b over the rows of each slice s, in rows and slices of whole fours. */
export function emitImageColumns(
  k: Emitter,
  a: LeftFactor,
  b: Tensor,
  y: Tensor,
  sliceRows: number,
  variant: ImageVariant,
): void {
  const [m, n] = [a.columns, columnsOf("matmulTn", b)];
  for (const { first, count } of rowPieces(a.rows, Math.max(m, n), sliceRows)) {
    const left = a.image(first, count, true);
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
    if (!a.held) k.free(left);
    k.free(right);
  }
}
