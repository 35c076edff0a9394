/**
 * A matrix product for each sample, both factors of which depend on the sample.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { type BatchLayout as Layout, batchMatmulKernel, type BatchSizes as Sizes } from "./batch_matmul_kernels.ts";

function sizesOf(a: Tensor, b: Tensor, layout: Layout): Sizes {
  const [m, k] = matrixOf(a, layout.a);
  const [inner, n] = matrixOf(b, layout.b);
  if (inner !== k) {
    throw new TypeError(
      `Cannot build batch_matmul: matrices must fit, received ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  return { m, n, k };
}

function matrixOf({ shape }: Tensor, transposed: boolean): [number, number] {
  const [batch, rows, columns] = shape;
  if (shape.length !== 3 || batch !== "B" || typeof rows !== "number" || typeof columns !== "number") {
    throw new TypeError(`Cannot build batch_matmul: inputs must have shape [B, M, N], received ${formatShape(shape)}`);
  }
  return transposed ? [columns, rows] : [rows, columns];
}

const productOp: Op<Layout> = {
  name: "batch_matmul",
  outputs: ([a, b], layout) => {
    const { m, n } = sizesOf(a, b, layout);
    return [["B", m, n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y], attributes: layout }) => {
    emitKernel(k, batchMatmulKernel, { a, b, y, sizes: sizesOf(a, b, layout), layout });
  },
  backward: ({ inputs: [a, b], attributes: layout }, [dy]) => {
    if (!dy) return [];
    const da = layout.a ? product(b, dy, { a: layout.b, b: true }) : product(dy, b, { a: false, b: !layout.b });
    const db = layout.b ? product(dy, a, { a: true, b: layout.a }) : product(a, dy, { a: !layout.a, b: false });
    return [da, db];
  },
};

function product(a: Tensor, b: Tensor, layout: Layout): Tensor {
  return apply(productOp, [a, b], layout);
}

/**
 * Multiplies two matrices for each sample: y[b] = a[b] b[b].
 *
 * @param a `[B, M, K]`
 * @param b `[B, K, N]`
 * @returns `[B, M, N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function batchMatmul(a: Tensor, b: Tensor): Tensor {
  return product(a, b, { a: false, b: false });
}

/**
 * Multiplies a matrix by another one transposed for each sample: y[b] = a[b] b[b]^T.
 *
 * @param a `[B, M, K]`
 * @param b `[B, N, K]`
 * @returns `[B, M, N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function batchMatmulNt(a: Tensor, b: Tensor): Tensor {
  return product(a, b, { a: false, b: true });
}

/**
 * Multiplies a matrix transposed by another one for each sample: y[b] = a[b]^T b[b].
 *
 * @param a `[B, K, M]`
 * @param b `[B, K, N]`
 * @returns `[B, M, N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function batchMatmulTn(a: Tensor, b: Tensor): Tensor {
  return product(a, b, { a: true, b: false });
}
