/**
 * A dense layer over a target beside each item of a history, which are never in memory side by side.
 *
 * @module
 */
import quadsB from "../../../shaders/dense/matmul_quads1_b.wgsl" with { type: "text" };
import quadsCompare from "../../../shaders/sequence/matmul_quads_compare.wgsl" with { type: "text" };
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { add } from "../dense/add.ts";
import { type DenseAttributes, throughEpilogue } from "../dense/dense.ts";
import type { ProductEpilogue } from "../dense/matmul_epilogue.ts";
import { emitProduct, emitProductGradients, emitTransposedProduct } from "../dense/matmul_kernels.ts";
import { columnsOf } from "../dense/matmul_layout.ts";
import { emitSplitTiles, emitTiles, type Loader } from "../dense/matmul_tiles.ts";
import { byPlace, emitCompare, emitCompareGradients } from "./compare.ts";
import { placesOf } from "./places.ts";
import { spreadOf } from "./weighted_pooling.ts";

/** Sizes that the choice of a kernel depends on. */
interface CompareProblem extends Problem {
  readonly batch: number;
  readonly places: number;
  readonly width: number;
  readonly units: number;
}

/** What is compared, and the weights that it is multiplied by. */
interface Compared {
  readonly target: Tensor;
  readonly items: Tensor;
  readonly weight: Tensor;
}

/** y = epilogue(compare(target, items) W) */
interface CompareProduct extends Compared {
  readonly y: Tensor;
  readonly epilogue: ProductEpilogue;
}

/** dW = compare(target, items)^T dz and the sums of dz's columns */
interface CompareWeights extends Compared {
  readonly dz: Tensor;
  readonly dWeight: Tensor;
  readonly dBias: Tensor | undefined;
}

/** Time of an operation where the products' factors are written first, where one that forms them as it loads takes 1. */
const APART = 1.3;

/** Time of an operation by tiles on a processor, whose workgroup memory is memory like any other. */
const TILES_ON_PROCESSOR = 16;

function problemOf({ batch }: Emitter, { items, weight }: Compared): CompareProblem {
  return { batch, ...placesOf("compare_dense", items), units: columnsOf("compare_dense", weight) };
}

function flopsOf({ batch, places, width, units }: CompareProblem): number {
  return 8 * batch * places * width * units;
}

/** Forms the factors as they are loaded, four numbers at a time. */
function loaded<Task>(emit: Variant<Task, CompareProblem>["emit"]): Variant<Task, CompareProblem> {
  const variant = gpuVariant("loaded", flopsOf, emit, TILES_ON_PROCESSOR);
  return { ...variant, fits: (_, { width, units }) => width % 4 === 0 && units > 1 };
}

/** Writes the factors first. */
function apart<Task>(emit: Variant<Task, CompareProblem>["emit"]): Variant<Task, CompareProblem> {
  return gpuVariant("apart", (problem) => APART * flopsOf(problem), emit, 1);
}

function loaderOf({ target, items }: Compared): Loader {
  const { places, width } = placesOf("compare_dense", items);
  return {
    quads: { matmul_quads_compare: quadsCompare, matmul_quads1_b: quadsB },
    bind: { target_row: target },
    constants: { PLACES: places, FOURS: width / 4, BY_PLACE: byPlace(target) },
  };
}

const productKernel: Kernel<CompareProduct, CompareProblem> = {
  name: "compare_product",
  problem: problemOf,
  variants: [
    apart((k, { target, items, weight, y, epilogue }) => {
      const z = k.scratch([...items.shape.slice(0, 2), weight.shape[0]]);
      emitCompare(k, target, items, z);
      emitProduct(k, z, weight, y, epilogue);
    }),
    loaded((k, task, { batch, places, width, units }) => {
      const sizes = { m: batch * places, n: units, k: 4 * width };
      const product = { a: { tensor: task.items }, b: { tensor: task.weight }, sizes };
      emitTiles(k, product, task.y, task.epilogue, loaderOf(task));
    }),
  ],
};

const weightsKernel: Kernel<CompareWeights, CompareProblem> = {
  name: "compare_weights",
  problem: problemOf,
  variants: [
    apart((k, { target, items, weight, dz, dWeight, dBias }) => {
      const x = k.scratch([...items.shape.slice(0, 2), weight.shape[0]]);
      emitCompare(k, target, items, x);
      emitProductGradients(k, { x, weight, dz, dx: undefined, dWeight, dBias });
    }),
    loaded((k, task, { batch, places, width, units }) => {
      const sizes = { m: 4 * width, n: units, k: batch * places };
      const product = { a: { tensor: task.items, transposed: true }, b: { tensor: task.dz }, sizes };
      emitSplitTiles(k, product, task.dWeight, task.dBias, loaderOf(task));
    }),
  ],
};

/** The layer as an op: inputs target, items, weight `[4 N, A]` and optionally bias `[A]`. */
export const compareDenseOp: Op<DenseAttributes> = {
  name: "compare_dense",
  outputs: ([, items, weight]) => [[...items.shape.slice(0, 2), columnsOf("compare_dense", weight)]],
  emit: (k, { inputs: [target, items, weight, bias], outputs: [y], attributes: { activation, dropout } }) =>
    emitKernel(k, productKernel, { target, items, weight, y, epilogue: { bias, activation, dropout } }),
  backward: ({ inputs: [target, items, weight, bias], outputs: [y], attributes }, [dy], gradients) => {
    if (!dy) return [];
    const dz = throughEpilogue(dy, y, attributes, gradients);
    const rest = gradients.take(items);
    const spread = rest && !byPlace(target) ? spreadOf(rest) : undefined;
    const inputs = [target, items, weight, dz, ...(spread ? [spread.w, spread.row, spread.lengths] : [])];
    const [dTarget, dItems, ...others] = applyAll(backwardOp, inputs, { hasBias: bias !== undefined });
    return [dTarget, rest && !spread ? add(rest, dItems) : dItems, ...others];
  },
};

/** Inputs target, items, weight and dz; then w, row and lengths of what is added to the gradient by the items. */
const backwardOp: Op<{ readonly hasBias: boolean }> = {
  name: "compare_dense_backward",
  outputs: ([target, items, weight], { hasBias }) => [
    target.shape,
    items.shape,
    weight.shape,
    ...(hasBias ? [[weight.shape[1]]] : []),
  ],
  emit: (k, { inputs, outputs: [dTarget, dItems, dWeight, dBias] }) => {
    const [target, items, weight, dz, w, row, lengths] = inputs;
    emitKernel(k, weightsKernel, { target, items, weight, dz, dWeight, dBias });
    if (!k.needed(dTarget) && !k.needed(dItems)) return;
    const dCompared = k.scratch([...items.shape.slice(0, 2), weight.shape[0]]);
    emitTransposedProduct(k, dz, weight, dCompared);
    const spread = w && { w, row, lengths };
    emitCompareGradients(k, { target, items, dz: dCompared, dTarget, dItems, spread });
  },
};
