/**
 * A dense layer whose result is added to something else, as one kernel.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel } from "../../kernels/variant.ts";
import { emitAdd } from "./add.ts";
import { denseOp, layerGradients } from "./dense.ts";
import { emitProduct, flopsOf, type ProductProblem, TILES_ON_PROCESSOR } from "./matmul_kernels.ts";
import { columnsOf, rowsOf } from "./matmul_layout.ts";
import { emitResidualTiles } from "./matmul_tiles.ts";

/** y = residual + x W + bias */
interface ResidualProduct {
  readonly residual: Tensor;
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly y: Tensor;
}

/** Time of an operation where the sum is a kernel of its own, where one kernel takes 1. */
const APART = 1.1;

const residualKernel: Kernel<ResidualProduct, ProductProblem> = {
  name: "residual_product",
  problem: ({ batch }, { x, weight }) => ({
    m: rowsOf(x, batch),
    n: columnsOf("residual_dense", weight),
    k: columnsOf("residual_dense", x),
  }),
  variants: [
    gpuVariant("apart", (sizes) => APART * flopsOf(sizes), (k, { residual, x, weight, bias, y }) => {
      const product = k.scratch(y.shape);
      emitProduct(k, x, weight, product, { bias });
      emitAdd(k, residual, product, y);
    }, 1),
    gpuVariant("tiles", flopsOf, (k, { residual, x, weight, bias, y }, sizes) => {
      emitResidualTiles(k, { a: { tensor: x }, b: { tensor: weight }, sizes }, { y, residual, bias });
    }, TILES_ON_PROCESSOR),
  ],
};

/** The layer as an op: inputs residual, x, weight and optionally bias. */
export const residualDenseOp: Op<null> = {
  name: "residual_dense",
  outputs: ([residual, ...layer]) => {
    const [shape] = denseOp.outputs(layer, { activation: "none", dropout: undefined });
    if (!Array.isArray(shape) || shape.join() !== residual.shape.join()) {
      throw new TypeError(
        `Cannot build residual_dense: the layer must have the shape [${residual.shape}], received [${shape}]`,
      );
    }
    return [residual.shape];
  },
  emit: (k, { inputs: [residual, x, weight, bias], outputs: [y] }) =>
    emitKernel(k, residualKernel, { residual, x, weight, bias, y }),
  backward: ({ inputs: [, x, weight, bias] }, [dy], gradients) =>
    dy ? [dy, ...layerGradients([x, weight, bias], dy, gradients)] : [],
};

/**
 * Adds a dense layer to what its result goes beside: y = residual + x W + bias.
 *
 * @param residual `[..., N]`
 * @param x `[..., K]`; all sizes but the last count as rows
 * @param weight `[K, N]`
 * @param bias `[N]`
 * @returns `[..., N]`
 * @throws {TypeError} when a shape does not fit
 */
export function residualDense(residual: Tensor, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return apply(residualDenseOp, bias ? [residual, x, weight, bias] : [residual, x, weight], null);
}
