/**
 * Gradients by weights over the field axis on GPUs: matrix products whose loads form the products of two fields.
 *
 * @module
 */
import quadsPairs from "../../../shaders/interaction/matmul_quads_pairs.wgsl" with { type: "text" };
import storeSum from "../../../shaders/common/matmul_store_sum.wgsl" with { type: "text" };
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { fieldsOf } from "./field_padding.ts";
import { emitSplitSum, runTiles } from "../dense/matmul_tiles.ts";
import { splitsOf } from "../dense/tile_sizes.ts";

/** Rows of fields `[B, fields, D]`, D a multiple of 4; `other` is there where the weights are of pairs. */
export interface FieldGradientFactors {
  readonly x: Tensor;
  readonly other: Tensor | undefined;
  readonly dz: Tensor;
}

/** Appends dw[(i, j), h] = sum_(b, d) x[b, i, d] other[b, j, d] dz[b, h, d], for all pairs (i, j). */
export function emitFieldGradientTiles(k: Emitter, { x, other, dz }: FieldGradientFactors, dw: Tensor): void {
  const { rows: left, dim } = fieldsOf("field_product_gradient", x);
  const right = other ? fieldsOf("field_product_gradient", other).rows : 1;
  const [m, n] = [left * right, fieldsOf("field_product_gradient", dz).rows];
  const product = { a: { tensor: x }, b: { tensor: dz, transposed: true }, sizes: { m, n, k: k.batch * dim } };
  const { splits, splitTerms } = splitsOf(product.sizes);
  const target = splits === 1 ? dw : k.scratch([splits, m, n]);
  runTiles(k, product, {
    quads: { matmul_quads_pairs: quadsPairs },
    parts: { matmul_store_sum: storeSum },
    bind: { y: target, other: other ?? x },
    constants: { PAIRS: other !== undefined, LEFT: left, RIGHT: right, FOURS: dim / 4 },
    splits,
    splitTerms,
  });
  if (target !== dw) emitSplitSum(k, target, dw, undefined, { splits, size: m * n, columns: 0 });
}
