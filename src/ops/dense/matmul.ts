/**
 * Matrix products and their gradients; dense layers add an epilogue to the same kernels.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitColumnProduct, emitProduct, emitTransposedProduct } from "./matmul_kernels.ts";
import { columnsOf } from "./matmul_layout.ts";

export { type Activation, ACTIVATIONS } from "./matmul_epilogue.ts";
export { columnsOf, rowsOf } from "./matmul_layout.ts";

const nnOp: Op<null> = {
  name: "matmul",
  outputs: ([a, b]) => {
    const inner = columnsOf("matmul", a);
    const n = columnsOf("matmul", b);
    if (b.shape.length !== 2 || b.shape[0] !== inner) {
      throw new TypeError(`Cannot build matmul: b must have shape [${inner}, N], received ${formatShape(b.shape)}`);
    }
    return [[...a.shape.slice(0, -1), n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitProduct(k, a, b, y),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [matmulNt(dy, b), matmulTn(a, dy)] : [],
};

const ntOp: Op<null> = {
  name: "matmulNt",
  outputs: ([a, b]) => {
    const inner = columnsOf("matmulNt", a);
    const [n] = b.shape;
    if (b.shape.length !== 2 || typeof n !== "number" || b.shape[1] !== inner) {
      throw new TypeError(`Cannot build matmulNt: b must have shape [N, ${inner}], received ${formatShape(b.shape)}`);
    }
    return [[...a.shape.slice(0, -1), n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitTransposedProduct(k, a, b, y),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [matmul(dy, b), matmulTn(dy, a)] : [],
};

const tnOp: Op<null> = {
  name: "matmulTn",
  outputs: ([a, b]) => {
    const m = columnsOf("matmulTn", a);
    const n = columnsOf("matmulTn", b);
    if (a.shape.slice(0, -1).join() !== b.shape.slice(0, -1).join()) {
      throw new TypeError(
        `Cannot build matmulTn: b must have the rows of ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
      );
    }
    return [[m, n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitColumnProduct(k, a, b, y),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [matmulNt(b, dy), matmul(a, dy)] : [],
};

/**
 * Multiplies matrices: y[m, n] = sum_k a[m, k] b[k, n].
 *
 * @param a `[..., K]`; all sizes but the last count as rows
 * @param b `[K, N]`
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(nnOp, [a, b], null);
}

/**
 * Multiplies by a transposed matrix: y[m, n] = sum_k a[m, k] b[n, k].
 *
 * @param a `[..., K]`; all sizes but the last count as rows
 * @param b `[N, K]`
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function matmulNt(a: Tensor, b: Tensor): Tensor {
  return apply(ntOp, [a, b], null);
}

/**
 * Multiplies the transpose of a matrix: y[m, n] = sum_r a[r, m] b[r, n], over all rows of the batch.
 *
 * @param a `[..., M]`; all sizes but the last count as rows
 * @param b `[..., N]` with the same rows
 * @returns `[M, N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function matmulTn(a: Tensor, b: Tensor): Tensor {
  return apply(tnOp, [a, b], null);
}
