/**
 * Dense layers over the field axis.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { fieldGradientOp } from "./field_gradient.ts";
import { cropDimensions, fieldsOf, padDimensions } from "./field_padding.ts";
import { emitFieldProduct, type FieldProduct, fieldProductOp } from "./field_product.ts";

const fieldDenseOp: Op<null> = {
  name: "field_dense",
  outputs: ([x, w]) => fieldProductOp.outputs([x], productOf(w)),
  emit: (k, { inputs, outputs: [z] }) => emitFieldProduct(k, inputs, z, productOf(inputs[1])),
  backward: ({ inputs: [x, w] }, [dz]) => {
    if (!dz) return [];
    const dx = apply(fieldProductOp, [dz, w], { ...productOf(w), axes: [2, 1, 0] });
    const gradient = { shape: w.shape, pairs: false, folded: false };
    return [dx, apply(fieldGradientOp, [x, x, dz], gradient)];
  },
};

function productOf({ shape }: Tensor): FieldProduct {
  const [i, h] = shape as readonly number[];
  return { sizes: [i, 1, h], axes: [0, 1, 2], pairs: false };
}

/**
 * Applies a dense layer over the field axis: z[b, h, d] = sum_i w[i, h] x[b, i, d].
 *
 * @param x `[B, I, D]`
 * @param w `[I, H]`
 * @returns `[B, H, D]`
 * @throws {TypeError} when the shapes do not fit
 */
export function fieldDense(x: Tensor, w: Tensor): Tensor {
  const { rows, dim } = fieldsOf("field_dense", x);
  if (w.shape.length !== 2 || w.shape[0] !== rows) {
    throw new TypeError(
      `Cannot build field_dense: weight must have shape [${rows}, H], received ${formatShape(w.shape)}`,
    );
  }
  return cropDimensions(apply(fieldDenseOp, [padDimensions(x), w], null), dim);
}
