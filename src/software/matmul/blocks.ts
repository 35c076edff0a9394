/**
 * Matrix products by register blocks, with factors in buffers.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { ProductEpilogue } from "../../ops/dense/matmul_epilogue.ts";
import { columnsOf, emitPack, padded, rowsOf } from "../../ops/dense/matmul_layout.ts";
import { blockSource, crossSource } from "./source.ts";
import { blockOf, type BlockVariant, groupsOf } from "./variant.ts";

/** Returns the shader of products, or of those of matrix cross layers. */
export function blockShader(variant: BlockVariant, source: typeof blockSource | typeof crossSource): Shader {
  const [name, edge] = [source === crossSource ? "cross_blocks" : "matmul_blocks", blockOf(variant).rows];
  return generatedShader(name, { grid }, "matmul/source", [edge], () => source(edge));
}

/**
 * Appends y = relu(a b + bias), where y has N columns in rows of whole fours.
 *
 * @param b its rows in whole fours
 */
export function emitBlocks(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  n: number,
  { bias, activation }: ProductEpilogue,
  variant: BlockVariant,
): void {
  const [m, inner] = [rowsOf(a, k.batch), columnsOf("matmul", a)];
  k.run({
    shader: blockShader(variant, blockSource),
    entry: "product",
    bind: { a, b, bias: bias ?? a, y },
    params: {
      m,
      k: inner,
      n,
      quads: padded(n) / 4,
      a_quads: 0,
      slice_rows: 0,
      has_bias: Number(bias !== undefined),
      has_relu: Number(activation === "relu"),
    },
    grid: groupsOf(variant, m, n),
    flops: 2 * m * n * inner,
  });
}

/** Appends y[s] = a^T b over the rows of each of `slices` slices s, in rows and slices of whole fours. */
export function emitBlockColumns(
  k: Emitter,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  { slices, sliceRows }: { readonly slices: number; readonly sliceRows: number },
  variant: BlockVariant,
): void {
  const [m, n, rows] = [columnsOf("matmulTn", a), columnsOf("matmulTn", b), rowsOf(a, k.batch)];
  k.run({
    shader: blockShader(variant, blockSource),
    entry: "product_tn",
    bind: { a_quads: emitPadded(k, a), b: emitPadded(k, b), y },
    params: {
      m,
      k: rows,
      n,
      quads: padded(n) / 4,
      a_quads: padded(m) / 4,
      slice_rows: sliceRows,
      has_bias: 0,
      has_relu: 0,
    },
    grid: groupsOf(variant, m, n, slices),
    flops: 2 * m * n * rows,
  });
}

/** Returns a factor in rows of whole fours, and appends what copies it where they are not. */
function emitPadded(k: Emitter, x: Tensor): Tensor {
  const columns = columnsOf("matmulTn", x);
  if (columns % 4 === 0) return x;
  const copy = k.scratch([...x.shape.slice(0, -1), padded(columns)]);
  emitPack(k, x, copy, { rows: rowsOf(x, k.batch), columns, row_stride: columns, column_stride: 1 });
  return copy;
}
