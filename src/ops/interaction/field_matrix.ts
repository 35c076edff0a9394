/**
 * Fields multiplied by matrices of their own.
 *
 * @module
 */
import source from "../../../shaders/interaction/field_matrix.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { BLOCKS, SLICES } from "./pair_matrix.ts";
import { type FieldSizes, fieldSizes } from "./pairs.ts";

const fieldMatrixOp: Op<FieldSizes> = {
  name: "fieldMatrix",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, weight], outputs: [y], attributes }) =>
    emit(k, attributes, "forward", { e, weight, y }, rowBlocks(k, attributes)),
  backward: ({ inputs: [e, weight], attributes }, [dy]) =>
    dy ? [apply(backwardOp, [weight, dy], attributes), apply(matricesOp, [e, weight, dy], attributes)] : [],
};

const backwardOp: Op<FieldSizes> = {
  name: "fieldMatrixBackward",
  outputs: ([, dy]) => [dy.shape],
  emit: (k, { inputs: [weight, dy], outputs: [de], attributes }) =>
    emit(k, attributes, "backward", { weight, dy, y: de }, rowBlocks(k, attributes)),
};

const matricesOp: Op<FieldSizes> = {
  name: "fieldMatrixMatrices",
  outputs: ([, weight]) => [weight.shape],
  emit: (k, { inputs: [e, , dy], outputs: [dweight], attributes }) => {
    const { fields, dim } = attributes;
    const partial = k.scratch([SLICES, fields * dim * dim]);
    const { count, width } = lanesOf(dim);
    emit(k, attributes, "slices", { e, dy, partial }, SLICES * fields * count * count);
    emit(k, attributes, "matrices", { slice: partial, dweight }, fields * count * count * width);
  },
};

function rowBlocks(k: Emitter, { fields, dim }: FieldSizes): number {
  return fields * lanesOf(dim).count * Math.ceil(k.batch / 4);
}

function emit(
  k: Emitter,
  { fields, dim }: FieldSizes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
  invocations: number,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("field_matrix", { grid, ...lanes.part, field_matrix: source, ...BLOCKS[lanes.width] }),
    entry,
    bind,
    constants: { LANES: lanes.count, SLICES },
    params: { batch: k.batch, fields },
    grid: Math.ceil(invocations / 64),
  });
}

/**
 * Multiplies each field by its own matrix: y[b, f, :] = e[b, f, :] W_f.
 *
 * @param e embeddings `[B, F, D]`
 * @param matrices W `[F, D, D]`
 * @returns `[B, F, D]`
 * @throws {TypeError} when a shape does not fit
 */
export function fieldMatrix(e: Tensor, matrices: Tensor): Tensor {
  const { fields, dim } = fieldSizes("fieldMatrix", e);
  if (matrices.shape.join() !== [fields, dim, dim].join()) {
    throw new TypeError(
      `Cannot build fieldMatrix: matrices must have shape [${fields}, ${dim}, ${dim}], received ${
        formatShape(matrices.shape)
      }`,
    );
  }
  return apply(fieldMatrixOp, [e, matrices], { fields, dim });
}
