/**
 * Circular correlation and convolution of pairs of fields.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/circular.wgsl" with { type: "text" };
import lanesSource from "../../../shaders/interaction/circular_lanes.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { type FieldSizes, pairSizes } from "./pairs.ts";

const kernels = shader("circular", { grid, circular: source, pair_order: order });
const laneKernels = shader("circular", { grid, circular_lanes: lanesSource, pair_order: order });

/** How two vectors are joined to a third one: c[n] = sum_k a[k] b[n + k], or a[k] b[n - k], modulo their width. */
export type CircularKind = "correlation" | "convolution";

interface Attributes extends FieldSizes {
  readonly kind: CircularKind;
}

function emit(k: Emitter, entry: string, { kind, fields, dim }: Attributes, bind: Record<string, Tensor>): void {
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { CORRELATES: kind === "correlation", DIM: dim },
    params: { batch: k.batch, fields },
    grid: Math.ceil(sizeOf(bind.y.shape, k.batch) / 64),
  });
}

const productsOp: Op<Attributes> = {
  name: "circular_products",
  outputs: (_, { fields, dim }) => [["B", fields * (fields - 1) / 2, dim]],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emitKernel(k, productsKernel, { attributes, bind: { x, y } }),
  backward: ({ inputs: [x], attributes }, [dr]) => [dr && apply(gradientOp, [x, dr], attributes)],
};

const gradientOp: Op<Attributes> = {
  name: "circular_products_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dr], outputs: [y], attributes }) =>
    emitKernel(k, gradientKernel, { attributes, bind: { x, dr, y } }),
};

interface Task {
  readonly attributes: Attributes;
  readonly bind: Record<string, Tensor>;
}

interface CircularProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly dim: number;
}

/** Returns the kernel of products or their gradient; on GPUs a thread takes four numbers. */
function circularKernel(entry: "products" | "gradient"): Kernel<Task, CircularProblem> {
  const size = ({ batch, fields, dim }: CircularProblem): number => batch * fields * fields * dim * dim;
  return {
    name: `circular_${entry}`,
    problem: ({ batch }, { attributes: { fields, dim } }) => ({ batch, fields, dim }),
    variants: [
      {
        name: "numbers",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, size(problem), { gpu: 2, software: 1 }),
        emit: (k, { attributes, bind }) => emit(k, entry, attributes, bind),
      },
      {
        ...gpuVariant<Task, CircularProblem>("lanes", size, (k, { attributes: { kind, fields, dim }, bind }) => {
          k.run({
            shader: laneKernels,
            entry,
            bind,
            constants: { CORRELATES: kind === "correlation", LANES: dim / 4 },
            params: { batch: k.batch, fields },
            grid: Math.ceil(sizeOf(bind.y.shape, k.batch) / 4 / 64),
          });
        }),
        fits: (_, { dim }) => dim % 16 === 0 || [4, 8, 12].includes(dim),
      },
    ],
  };
}

const productsKernel = circularKernel("products");
const gradientKernel = circularKernel("gradient");

const circulantOp: Op<Attributes> = {
  name: "circulant",
  outputs: (_, { dim }) => [[dim, dim]],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "circulant", attributes, { x, y }),
  backward: ({ attributes }, [dr]) => [dr && apply(circulantWeightsOp, [dr], attributes)],
};

const circulantWeightsOp: Op<Attributes> = {
  name: "circulant_weights",
  outputs: (_, { dim }) => [[dim]],
  emit: (k, { inputs: [dr], outputs: [y], attributes }) => emit(k, "weights", attributes, { dr, y }),
};

/**
 * Joins all pairs of fields: r[b, p, n] = sum_k e[b, i, k] e[b, j, n + k] for the p-th pair i < j, places modulo D; or
 * n - k in place of n + k for a convolution.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, F (F - 1) / 2, D]`, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @throws {TypeError} when the shape is not `[B, F, D]`
 * @throws {RangeError} when there are less than two fields
 */
export function circularProducts(e: Tensor, kind: CircularKind): Tensor {
  const { fields, dim } = pairSizes("circular_products", e);
  return apply(productsOp, [e], { kind, fields, dim });
}

/**
 * Makes the matrix of a weighted sum of a circular product: a C b^T = sum_n w[n] (a circular b)[n].
 *
 * @param w `[D]`
 * @returns C `[D, D]`
 * @throws {TypeError} when `w` has another shape
 */
export function circulant(w: Tensor, kind: CircularKind): Tensor {
  const [dim] = w.shape;
  if (w.shape.length !== 1 || typeof dim !== "number") {
    throw new TypeError(`Cannot build circulant: weights must have shape [D], received ${formatShape(w.shape)}`);
  }
  return apply(circulantOp, [w], { kind, fields: 2, dim });
}
