/**
 * Several dense layers without bias over one input, as one product.
 *
 * @module
 */
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, type Kernel, type Variant } from "../../kernels/variant.ts";
import { matmulNt } from "../dense/matmul.ts";
import {
  emitColumnProduct,
  emitProduct,
  flopsOf,
  type ProductProblem,
  TILES_ON_PROCESSOR,
} from "../dense/matmul_kernels.ts";
import { columnsOf, rowsOf } from "../dense/matmul_layout.ts";
import { emitTilesApart } from "../dense/matmul_tiles.ts";
import { emitColumnsApart, emitSideBySide } from "../shape/side_by_side.ts";

/** Inputs x and the weights; outputs y and the weights side by side, which the backward pass reads. */
const projectOp: Op<null> = {
  name: "project",
  outputs: ([x, ...weights]) => {
    const inner = columnsOf("project", x);
    const other = weights.find(({ shape }) => shape.length !== 2 || shape[0] !== inner);
    if (other) {
      throw new TypeError(
        `Cannot build project: weights must have shape [${inner}, N], received ${formatShape(other.shape)}`,
      );
    }
    const columns = weights.reduce((sum, { shape }) => sum + widthOf(shape.slice(1)), 0);
    return [[...x.shape.slice(0, -1), columns], [inner, columns]];
  },
  emit: (k, { inputs: [x, ...weights], outputs: [y, packed] }) => {
    emitSideBySide(k, weights, packed);
    emitProduct(k, x, packed, y);
  },
  backward: ({ inputs: [x, ...weights], outputs: [, packed] }, [dy]) =>
    dy
      ? [matmulNt(dy, packed), ...applyAll(gradientOp, [x, dy], weights.map(({ shape }) => widthOf(shape.slice(1))))]
      : [],
};

/** The gradients dw_i of weights that lie side by side in x (w_0 | w_1 | ..). */
interface ProjectionGradients {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly weights: readonly Tensor[];
}

interface ProjectionProblem extends ProductProblem {
  /** Weights, where all of them have as many columns; 0 where they do not. */
  readonly even: number;
}

/** The product by tiles whose sum of splits writes each weight's gradient to its place. */
const apartByTiles: Variant<ProjectionGradients, ProjectionProblem> = {
  name: "tiles",
  fits: (_, { even }) => even === 3 || even === 4,
  cost: (profile, sizes) => costOn(profile, flopsOf(sizes), { gpu: 0.5, software: TILES_ON_PROCESSOR }),
  emit: (k, { x, dy, weights }, sizes) =>
    emitTilesApart(k, { a: { tensor: x, transposed: true }, b: { tensor: dy }, sizes }, weights),
};

/** The product as the device computes any other, and a copy. */
const apartByCopy: Variant<ProjectionGradients, ProjectionProblem> = {
  name: "copy",
  fits: () => true,
  cost: (_, sizes) => flopsOf(sizes),
  emit: (k, { x, dy, weights }, { m, n }) => {
    const all = k.scratch([m, n]);
    emitColumnProduct(k, x, dy, all);
    emitColumnsApart(k, all, weights);
  },
};

const projectionGradientKernel: Kernel<ProjectionGradients, ProjectionProblem> = {
  name: "projection_gradients",
  problem: ({ batch }, { x, dy, weights }) => {
    const widths = weights.map((weight) => columnsOf("project", weight));
    const even = widths.every((width) => width === widths[0]) ? widths.length : 0;
    return { m: columnsOf("project", x), n: columnsOf("project", dy), k: rowsOf(x, batch), even };
  },
  variants: [apartByCopy, apartByTiles],
};

/** Inputs x and dy; outputs the gradient of each weight, of so many columns. */
const gradientOp: Op<readonly number[]> = {
  name: "project_gradient",
  outputs: ([x], widths) => widths.map((width) => [columnsOf("project", x), width]),
  emit: (k, { inputs: [x, dy], outputs }) => emitKernel(k, projectionGradientKernel, { x, dy, weights: outputs }),
};

/**
 * Applies several weights to one input: y = x (w_0 | w_1 | ..).
 *
 * @param x `[..., K]`; all sizes but the last count as rows
 * @param weights `[K, N_i]`
 * @returns `[..., sum_i N_i]`
 * @throws {TypeError} when a weight does not fit
 */
export function project(x: Tensor, ...weights: Tensor[]): Tensor {
  return applyAll(projectOp, [x, ...weights], null)[0];
}
