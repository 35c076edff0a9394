/**
 * Layers of the compressed interaction network.
 *
 * @module
 */
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { fieldGradientOp } from "./field_gradient.ts";
import { fieldsOf } from "./field_padding.ts";
import { emitFieldProduct, emitPool, emitSlope, type FieldProduct, fieldProductOp } from "./field_product.ts";
import { emitColumnSum } from "../dense/matmul_vector.ts";

/** What a layer is specialized by. */
export interface CinAttributes {
  /** Dimensions of an embedding; numbers past them are padding. */
  readonly dim: number;
  /** Whether results are cut off at 0. */
  readonly relu: boolean;
}

/** The op behind {@linkcode cinLayer}: inputs x, x0, weight and bias; outputs the next x and its sums over d. */
const cinOp: Op<CinAttributes> = {
  name: "cin",
  outputs: ([x, x0, weight, bias]) => {
    const { rows: left, dim } = fieldsOf("cin", x);
    const { rows: right, dim: width } = fieldsOf("cin", x0);
    const [terms, outs] = weight.shape as readonly number[];
    if (dim !== width || dim % 4 !== 0) {
      throw new TypeError(`Cannot build cin: D must be the same multiple of 4, received ${dim} and ${width}`);
    }
    if (weight.shape.length !== 2 || terms !== left * right) {
      throw new TypeError(
        `Cannot build cin: weight must have shape [${left * right}, H], received ${formatShape(weight.shape)}`,
      );
    }
    if (bias.shape.join() !== `${outs}`) {
      throw new TypeError(`Cannot build cin: bias must have shape [${outs}], received ${formatShape(bias.shape)}`);
    }
    const [z] = fieldProductOp.outputs([x], productOf(x, x0, weight, {}));
    return [z, ["B", outs]];
  },
  emit: (k, { inputs, outputs: [z, pooled], attributes: { dim, relu } }) => {
    const [x, x0, weight] = inputs;
    const symmetric = x === x0 ? "folded" as const : undefined;
    emitFieldProduct(k, inputs, z, productOf(x, x0, weight, { relu, symmetric }));
    if (k.needed(pooled)) emitPool(k, z, pooled, dim);
  },
  backward: ({ inputs: [x, x0, weight], outputs: [z], attributes }, [dx, dPooled]) => {
    const parts = [attributes.relu ? z : undefined, dx, dPooled].filter((tensor) => tensor !== undefined);
    const [, rows, stride] = z.shape as readonly number[];
    const kind = { ...attributes, next: dx !== undefined, pool: dPooled !== undefined, rows, stride };
    const [dz, sums] = applyAll(cinSlopeOp, parts, kind);
    const dBias = apply(biasOp, [sums], null);
    const shape = weight.shape;
    const folded = x === x0;
    const gradient = { shape, pairs: true, folded };
    const rowsOf = folded ? [x, dz, weight] : [x, x0, dz, weight];
    const [dx0, dx1] = applyAll(cinInputsOp, rowsOf, { folded });
    return [dx0, dx1, apply(fieldGradientOp, [x, x0, dz], gradient), dBias];
  },
};

/** Gradients by both rows of pairs. */
export interface CinInputsTask extends Readonly<Record<"x" | "x0" | "dz" | "weight" | "dx", Tensor>> {
  /** The gradient by x0; absent where x is x0: then there is one gradient, the sum of both. */
  readonly dx0?: Tensor;
}

/** Sizes that the choice of a kernel depends on. */
export interface CinProblem extends Problem {
  /** Numbers of x. */
  readonly size: number;
  readonly fields: number;
  readonly outs: number;
}

/** Returns the operations of one of the gradients. */
export function cinFlops({ size, fields, outs }: CinProblem): number {
  return 2 * size * fields * outs;
}

/** The gradients by both rows of pairs; on a GPU a product over the field axis for each. */
export const cinInputsKernel: Kernel<CinInputsTask, CinProblem> = {
  name: "cin_inputs",
  problem: ({ batch }, { x, x0, weight }) => ({
    size: sizeOf(x.shape, batch),
    fields: fieldsOf("cin", x0).rows,
    outs: Number(weight.shape[1]),
  }),
  variants: [gpuVariant("gpu", cinFlops, (k, { x, x0, dz, weight, dx, dx0 }) => {
    const symmetric = dx0 ? undefined : "all" as const;
    emitFieldProduct(k, [dz, x0, weight], dx, productOf(x, x0, weight, { axes: [2, 1, 0], symmetric }));
    if (dx0) emitFieldProduct(k, [dz, x, weight], dx0, productOf(x, x0, weight, { axes: [2, 0, 1] }));
  })],
};

/** Inputs x, x0 (where it is not x), dz and weights; outputs dx and dx0, or their sum. */
const cinInputsOp: Op<{ readonly folded: boolean }> = {
  name: "cin_inputs",
  outputs: ([x, x0], { folded }) => folded ? [x.shape] : [x.shape, x0.shape],
  emit: (k, { inputs, outputs: [dx, dx0], attributes: { folded } }) => {
    const [x, x0, dz, weight] = folded ? [inputs[0], ...inputs] : inputs;
    emitKernel(k, cinInputsKernel, { x, x0, dz, weight, dx, dx0 });
  },
};

function productOf(x: Tensor, x0: Tensor, weight: Tensor, more: Partial<FieldProduct>): FieldProduct {
  const sizes = [fieldsOf("cin", x).rows, fieldsOf("cin", x0).rows, Number(weight.shape[1])] as const;
  return { sizes, axes: [0, 1, 2], pairs: true, ...more };
}

interface Slope extends CinAttributes {
  /** Whether there is a gradient from the next layer. */
  readonly next: boolean;
  /** Whether there is a gradient from the sums. */
  readonly pool: boolean;
  /** Feature maps, and the floats of each. */
  readonly rows: number;
  readonly stride: number;
}

/** Inputs z (only with relu), dx and dPooled where there are any; outputs dz and its sums over d. */
const cinSlopeOp: Op<Slope> = {
  name: "cin_slope",
  outputs: (_, { rows, stride }) => [["B", rows, stride], ["B", rows]],
  emit: (k, { inputs, outputs: [dz, sums], attributes: { dim, relu, next, pool } }) => {
    const rest = [...inputs];
    const x = relu ? rest.shift() : undefined;
    const dx = next ? rest.shift() : undefined;
    const dy = pool ? rest.shift() : undefined;
    emitSlope(k, { x, dx, dy, packed: dz, y: sums }, dim);
  },
};

const biasOp: Op<null> = {
  name: "cin_bias",
  outputs: ([sums]) => [[Number(sums.shape[1])]],
  emit: (k, { inputs: [sums], outputs: [y] }) => emitColumnSum(k, sums, y),
};

/**
 * Crosses fields once more: next[b, h, d] = act(bias[h] + sum_{i, j} weight[i F + j, h] x[b, i, d] x0[b, j, d]).
 *
 * Products of two fields are formed as they are loaded; where x is x0 each pair is formed once.
 *
 * @param x `[B, I, D]`, D a multiple of 4
 * @param x0 the embeddings `[B, F, D]`, zero in padded dimensions
 * @param weight `[I F, H]`
 * @param bias `[H]`
 * @returns `next` `[B, H, D]` and `pooled` `[B, H]`, its sum over the first `dim` dimensions
 * @throws {TypeError} when the shapes do not fit
 */
export function cinLayer(
  x: Tensor,
  x0: Tensor,
  weight: Tensor,
  bias: Tensor,
  attributes: CinAttributes,
): { next: Tensor; pooled: Tensor } {
  const [next, pooled] = applyAll(cinOp, [x, x0, weight, bias], attributes);
  return { next, pooled };
}
