/**
 * Two dense layers over one input, as one product.
 *
 * @module
 */
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Variant } from "../../kernels/variant.ts";
import { emitColumnsApart, emitSideBySide } from "../shape/side_by_side.ts";
import { emitBesideColumns, emitBesideTiles, emitBesideTransposed, type Pair } from "./beside_tiles.ts";
import { denseOp } from "./dense.ts";
import {
  emitProduct,
  emitProductGradients,
  flopsOf,
  type ProductProblem,
  TILES_ON_PROCESSOR,
} from "./matmul_kernels.ts";
import { columnsOf, rowsOf } from "./matmul_layout.ts";

/** Weights and biases of two layers. */
export interface LayerPair {
  /** `[K, N_0]` and `[K, N_1]`. */
  readonly weights: Pair;
  /** `[N_0]` and `[N_1]`. */
  readonly biases: Pair;
}

/** y = x (w_0 | w_1) + (bias_0 | bias_1) */
interface BesideProduct extends LayerPair {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** The gradients of that by x, the weights and the biases. */
interface BesideGradients {
  readonly x: Tensor;
  readonly weights: Pair;
  readonly dz: Tensor;
  /** Undefined where nobody needs it. */
  readonly dx: Tensor | undefined;
  readonly slopes: LayerPair;
}

interface BesideProblem extends ProductProblem {
  /** Whether all columns divide into fours. */
  readonly fours: boolean;
}

/** Time of an operation where the matrices are copied side by side first, where one that loads from both takes 1. */
const APART = 1.3;

function problemOf({ batch }: Emitter, { x, weights }: Pick<BesideProduct, "x" | "weights">): BesideProblem {
  const [k, ...widths] = [x, ...weights].map((tensor) => columnsOf("dense_beside", tensor));
  const fours = [k, ...widths].every((width) => width % 4 === 0);
  return { m: rowsOf(x, batch), n: widths[0] + widths[1], k, fours };
}

function loaded<Task>(emit: Variant<Task, BesideProblem>["emit"]): Variant<Task, BesideProblem> {
  return { ...gpuVariant("loaded", flopsOf, emit, TILES_ON_PROCESSOR), fits: (_, { fours }) => fours };
}

function apart<Task>(emit: Variant<Task, BesideProblem>["emit"]): Variant<Task, BesideProblem> {
  return gpuVariant("apart", (problem) => APART * flopsOf(problem), emit, 1);
}

/** Appends matrices or vectors side by side, in memory of the node's own. */
function packed(k: Emitter, shape: readonly number[], parts: Pair): Tensor {
  const all = k.scratch(shape);
  emitSideBySide(k, parts, all);
  return all;
}

const productKernel: Kernel<BesideProduct, BesideProblem> = {
  name: "beside_product",
  problem: problemOf,
  variants: [
    apart((k, { x, weights, biases, y }, sizes) =>
      emitProduct(k, x, packed(k, [sizes.k, sizes.n], weights), y, { bias: packed(k, [sizes.n], biases) })
    ),
    loaded((k, { x, ...layers }, sizes) => emitBesideTiles(k, x, layers, sizes)),
  ],
};

const gradientsKernel: Kernel<BesideGradients, BesideProblem> = {
  name: "beside_gradients",
  problem: problemOf,
  variants: [
    apart((k, { x, weights, dz, dx, slopes }, sizes) => {
      const [dWeight, dBias] = [k.scratch([sizes.k, sizes.n]), k.scratch([sizes.n])];
      const weight = packed(k, [sizes.k, sizes.n], weights);
      emitProductGradients(k, { x, weight, dz, dx, dWeight, dBias });
      emitColumnsApart(k, dWeight, slopes.weights);
      emitColumnsApart(k, dBias, slopes.biases);
    }),
    loaded((k, { x, weights, dz, dx, slopes }, sizes) => {
      if (dx) emitBesideTransposed(k, dz, weights, dx, sizes);
      emitBesideColumns(k, { x, dz }, slopes, sizes);
    }),
  ],
};

const besideOp: Op<null> = {
  name: "dense_beside",
  outputs: ([x, ...layers]) => {
    const plain = { activation: "none", dropout: undefined } as const;
    const widths = [0, 2].map((at) => {
      denseOp.outputs([x, layers[at], layers[at + 1]], plain);
      return widthOf(layers[at + 1].shape);
    });
    return [[...x.shape.slice(0, -1), widths[0] + widths[1]]];
  },
  emit: (k, { inputs: [x, w0, bias0, w1, bias1], outputs: [y] }) =>
    emitKernel(k, productKernel, { x, weights: [w0, w1], biases: [bias0, bias1], y }),
  backward: ({ inputs: [x, w0, , w1] }, [dz]) => dz ? applyAll(gradientsOp, [x, w0, w1, dz], null) : [],
};

const gradientsOp: Op<null> = {
  name: "dense_beside_gradient",
  outputs: ([x, w0, w1]) => [x.shape, w0.shape, w0.shape.slice(1), w1.shape, w1.shape.slice(1)],
  emit: (k, { inputs: [x, w0, w1, dz], outputs: [dx, dw0, db0, dw1, db1] }) => {
    const slopes: LayerPair = { weights: [dw0, dw1], biases: [db0, db1] };
    emitKernel(k, gradientsKernel, { x, weights: [w0, w1], dz, dx: k.needed(dx) ? dx : undefined, slopes });
  },
};

/**
 * Applies two dense layers to one input: y = x (w_0 | w_1) + (bias_0 | bias_1).
 *
 * @param x `[..., K]`; all sizes but the last count as rows
 * @returns `[..., N_0 + N_1]`
 * @throws {TypeError} when a shape does not fit
 */
export function denseBeside(x: Tensor, { weights: [w0, w1], biases: [bias0, bias1] }: LayerPair): Tensor {
  return apply(besideOp, [x, w0, bias0, w1, bias1], null);
}
