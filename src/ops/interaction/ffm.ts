/**
 * Field-aware factorization machine: each field shows every other one a vector of its own.
 *
 * @module
 */
import source from "../../../shaders/interaction/ffm.wgsl" with { type: "text" };
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitFieldKernel, type FieldKernels, spansOf } from "./field_kernel.ts";
import { type FieldSizes, pairSizes } from "./pairs.ts";

const kernels: FieldKernels = { name: "ffm", source };

const ffmOp: Op<FieldSizes> = {
  name: "ffm",
  outputs: () => [["B", 1]],
  emit: (k, { inputs: [v], outputs: [y], attributes }) => {
    const part = k.scratch(["B", attributes.fields - 1]);
    emitFieldKernel(k, kernels, attributes, "field_sums", { v, y: part }, k.batch * (attributes.fields - 1));
    emitFieldKernel(k, kernels, attributes, "row_sums", { part, y }, k.batch);
  },
  backward: ({ inputs: [v], attributes }, [dy]) => [dy && apply(backwardOp, [v, dy], attributes)],
};

const backwardOp: Op<FieldSizes> = {
  name: "ffmBackward",
  outputs: ([v]) => [v.shape],
  emit: (k, { inputs: [v, dy], outputs: [dv], attributes }) => {
    const { fields, dim } = attributes;
    emitFieldKernel(
      k,
      kernels,
      attributes,
      "backward",
      { v, dy, dv },
      k.batch * fields * (fields - 1) * spansOf(k, dim),
    );
  },
};

const productsOp: Op<FieldSizes> = {
  name: "ffmProducts",
  outputs: (_, { fields }) => [["B", fields * (fields - 1) / 2]],
  emit: (k, { inputs: [v], outputs: [y], attributes }) =>
    emitFieldKernel(k, kernels, attributes, "products", { v, y }, k.batch * (attributes.fields - 1)),
  backward: ({ inputs: [v], attributes }, [dy]) => [dy && apply(productsBackwardOp, [v, dy], attributes)],
};

const productsBackwardOp: Op<FieldSizes> = {
  name: "ffmProductsBackward",
  outputs: ([v]) => [v.shape],
  emit: (k, { inputs: [v, dy], outputs: [dv], attributes }) => {
    const { fields, dim } = attributes;
    const invocations = k.batch * fields * (fields - 1) * spansOf(k, dim);
    emitFieldKernel(k, kernels, attributes, "backward", { v, dy, dv }, invocations, { EACH: true });
  },
};

const inverseNormOp: Op<FieldSizes> = {
  name: "inverseNorm",
  outputs: () => [["B", 1]],
  emit: (k, { inputs: [values], outputs: [y], attributes }) =>
    emitFieldKernel(k, kernels, attributes, "inverse_norm", { values, y }, k.batch),
  backward: () => [],
};

/**
 * Sums the products of all pairs of fields: y[b] = sum_{i<j} <v(i, j), v(j, i)>.
 *
 * @param v `[B, F, (F - 1) D]`: for each field one vector for each other field, in the order of those fields
 * @returns `[B, 1]`
 * @throws {TypeError} when the shape is not `[B, F, (F - 1) D]`
 * @throws {RangeError} when there are less than two fields
 */
export function ffm(v: Tensor): Tensor {
  return apply(ffmOp, [v], sizesOf("ffm", v));
}

/**
 * Multiplies all pairs of fields: q[b, p] = <v(i, j), v(j, i)> for the p-th pair i < j.
 *
 * @param v `[B, F, (F - 1) D]`: for each field one vector for each other field, in the order of those fields
 * @returns `[B, F (F - 1) / 2]`, pairs in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @throws {TypeError} when the shape is not `[B, F, (F - 1) D]`
 * @throws {RangeError} when there are less than two fields
 */
export function ffmProducts(v: Tensor): Tensor {
  return apply(productsOp, [v], sizesOf("ffmProducts", v));
}

function sizesOf(op: string, v: Tensor): FieldSizes {
  const { fields, dim: width } = pairSizes(op, v);
  if (width % (fields - 1) !== 0) {
    throw new TypeError(
      `Cannot build ${op}: input must have shape [B, ${fields}, ${fields - 1} D], received ${formatShape(v.shape)}`,
    );
  }
  return { fields, dim: width / (fields - 1) };
}

/**
 * Inverts the squared norm of each sample: y[b] = 1 / sum_f values[f, b]^2, and 0 where that is 0.
 *
 * @param values `[F, B]`; they get no gradient
 * @returns `[B, 1]`
 * @throws {TypeError} when the shape is not `[F, B]`
 */
export function inverseNorm(values: Tensor): Tensor {
  const [fields, batch] = values.shape;
  if (values.shape.length !== 2 || batch !== "B" || typeof fields !== "number") {
    throw new TypeError(
      `Cannot build inverseNorm: values must have shape [F, B], received ${formatShape(values.shape)}`,
    );
  }
  return apply(inverseNormOp, [values], { fields, dim: 1 });
}
