/**
 * Dense layers over the field axis.
 *
 * @module
 */
import { apply, type Op } from "../graph/node.ts";
import { formatShape, type Tensor } from "../graph/tensor.ts";
import type { FieldVariant } from "../software/fields/launch.ts";
import { cropDimensions, fieldsOf, padDimensions } from "./field_padding.ts";
import { emitFieldProduct, fieldGradientOp, type FieldProduct, fieldProductOp } from "./field_product.ts";

interface DenseAttributes {
  /** The kernels. @default those that suit the device */
  readonly variant: FieldVariant | undefined;
}

const fieldDenseOp: Op<DenseAttributes> = {
  name: "field_dense",
  outputs: ([x, w], attributes) => fieldProductOp.outputs([x], productOf(w, attributes)),
  emit: (k, { inputs, outputs, attributes }) => emitFieldProduct(k, inputs, outputs, productOf(inputs[1], attributes)),
  backward: ({ inputs: [x, w], attributes }, [dz]) => {
    if (!dz) return [];
    const dx = apply(fieldProductOp, [dz, w], { ...productOf(w, attributes), axes: [2, 1, 0] });
    const gradient = { shape: w.shape, pairs: false, folded: false, ...attributes };
    return [dx, apply(fieldGradientOp, [x, x, dz], gradient)];
  },
};

function productOf({ shape }: Tensor, { variant }: DenseAttributes): FieldProduct {
  const [i, h] = shape as readonly number[];
  return { sizes: [i, 1, h], axes: [0, 1, 2], pairs: false, variant };
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
  return fieldDenseBy(x, w, undefined);
}

/** Applies it by some kernels. */
export function fieldDenseBy(x: Tensor, w: Tensor, variant: FieldVariant | undefined): Tensor {
  const { rows, dim } = fieldsOf("field_dense", x);
  if (w.shape.length !== 2 || w.shape[0] !== rows) {
    throw new TypeError(
      `Cannot build field_dense: weight must have shape [${rows}, H], received ${formatShape(w.shape)}`,
    );
  }
  return cropDimensions(apply(fieldDenseOp, [padDimensions(x), w], { variant }), dim);
}
