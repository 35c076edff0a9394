/**
 * A matrix product for each sample, both factors of which depend on the sample.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/batch_matmul.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("batch_matmul", { grid, batch_matmul: source });

/** Rows and columns of the tile of an invocation at most. */
const TILE = 4;

/** Which factors are transposed. */
interface Layout {
  readonly a: boolean;
  readonly b: boolean;
}

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

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
    const sizes = sizesOf(a, b, layout);
    const tile = { ROWS: Math.min(TILE, sizes.m), COLUMNS: Math.min(TILE, sizes.n) };
    const tiles = Math.ceil(sizes.m / tile.ROWS) * Math.ceil(sizes.n / tile.COLUMNS);
    k.run({
      shader: kernels,
      entry: "product",
      bind: { a, b, y },
      constants: tile,
      params: {
        batch: k.batch,
        ...sizes,
        a_row: layout.a ? 1 : sizes.k,
        a_inner: layout.a ? sizes.m : 1,
        b_column: layout.b ? sizes.k : 1,
        b_inner: layout.b ? 1 : sizes.n,
      },
      grid: Math.ceil(k.batch * tiles / 64),
      flops: 2 * k.batch * sizes.m * sizes.n * sizes.k,
    });
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
