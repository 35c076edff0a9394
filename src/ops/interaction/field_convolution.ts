/**
 * Convolution over the field axis.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { fieldGradientOp } from "./field_gradient.ts";
import { cropDimensions, fieldsOf, padDimensions } from "./field_padding.ts";
import { emitFieldProduct, emitPool, type FieldProduct, fieldProductOp } from "./field_product.ts";
import type { Shift } from "./field_sizes.ts";
import { emitColumnSum } from "../dense/matmul_vector.ts";

/** Sizes of a convolution. */
export interface ConvolutionAttributes {
  /** Maps of the input; each has its rows one after the other. */
  readonly channels: number;
  /** Rows of zeros in front of the input and behind it. */
  readonly padding: number;
}

interface Sizes extends Shift {
  readonly kernel: number;
  readonly outs: number;
}

function sizesOf(x: Tensor, w: Tensor, { channels, padding }: ConvolutionAttributes): Sizes {
  const { rows } = fieldsOf("field_convolution", x);
  const [terms, outs] = w.shape as readonly number[];
  const kernel = terms / channels;
  const from = rows / channels;
  const to = from + 2 * padding - kernel + 1;
  if (w.shape.length !== 2 || !Number.isInteger(kernel) || !Number.isInteger(from)) {
    throw new TypeError(
      `Cannot build field_convolution: ${channels} channels must divide ${rows} rows and the rows of a weight [C K, N], ` +
        `received ${formatShape(w.shape)}`,
    );
  }
  if (to < 1) {
    throw new RangeError(
      `Cannot build field_convolution: ${from} rows are fewer than the kernel's, received ${kernel}`,
    );
  }
  return { kernel, outs, from, to, before: padding };
}

function productOf(x: Tensor, w: Tensor, attributes: ConvolutionAttributes): FieldProduct {
  const { channels } = attributes;
  const { kernel, outs, from, to, before } = sizesOf(x, w, attributes);
  return { sizes: [channels, kernel, outs], axes: [0, 1, 2], pairs: false, shift: { from, to, before } };
}

const convolutionOp: Op<ConvolutionAttributes> = {
  name: "field_convolution",
  outputs: ([x, w], attributes) => fieldProductOp.outputs([x], productOf(x, w, attributes)),
  emit: (k, { inputs: [x, w, bias], outputs: [z], attributes }) =>
    emitFieldProduct(k, [x, w, bias], z, productOf(x, w, attributes)),
  backward: ({ inputs: [x, w, bias], attributes }, [dz]) => {
    if (!dz) return [];
    const { kernel, from, to, before } = sizesOf(x, w, attributes);
    const product = productOf(x, w, attributes);
    const back = { from: to, to: from, before: kernel - 1 - before };
    const { shift } = product;
    const gradient = { shape: w.shape, pairs: false, folded: false, shift };
    return [
      apply(fieldProductOp, [dz, w], { ...product, axes: [2, 1, 0], shift: back }),
      apply(fieldGradientOp, [x, x, dz], gradient),
      bias && apply(biasOp, [dz], to),
    ];
  },
};

/** Sums each map over rows, dimensions and samples; the attribute is the rows of a map. */
const biasOp: Op<number> = {
  name: "field_convolution_bias",
  outputs: ([dz], to) => {
    const { rows } = fieldsOf("field_convolution", dz);
    return [[rows / to]];
  },
  emit: (k, { inputs: [dz], outputs: [sum], attributes: to }) => {
    const rows = k.scratch(["B", fieldsOf("field_convolution", dz).rows / to]);
    emitPool(k, dz, rows, fieldsOf("field_convolution", dz).dim, to);
    emitColumnSum(k, rows, sum);
  },
};

/**
 * Convolves maps along the field axis, one dimension at a time:
 * y[b, n, m, d] = bias[n] + sum_{c, t} w[c K + t, n] x[b, c, m + t - padding, d].
 *
 * @param x `[B, C N, D]`: C maps of N rows
 * @param w `[C K, N']`
 * @param bias `[N']`
 * @returns `[B, N' M, D]` with M = N + 2 padding - K + 1
 * @throws {TypeError} when the shapes do not fit
 * @throws {RangeError} when the kernel is larger than the padded input
 */
export function fieldConvolution(
  x: Tensor,
  w: Tensor,
  bias: Tensor | undefined,
  attributes: ConvolutionAttributes,
): Tensor {
  const { dim } = fieldsOf("field_convolution", x);
  const padded = padDimensions(x);
  return cropDimensions(apply(convolutionOp, bias ? [padded, w, bias] : [padded, w], attributes), dim);
}
