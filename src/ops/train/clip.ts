/**
 * Clipping by the norm of all gradients together.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import norm from "../../../shaders/train/norm.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import type { BufferRange } from "../../gpu/kernel.ts";
import { type Shader, shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { add } from "../dense/add.ts";
import { lanesOf } from "../shape/lane.ts";
import { rowStrengthFile, rowStrengthRange } from "./rule.ts";
import type { ReducedTable } from "./table_update.ts";

/** Shares into which each sum of squares is cut. */
const SHARES = 64;

/** The flat gradient of the dense parameters. */
export interface DenseGradient {
  /** Tensors that share the flat gradient's memory; they only order the norm after their kernels. */
  readonly gradients: readonly Tensor[];
  /** All dense parameters, one after the other. */
  readonly parameters: BufferRange;
  /** Their gradient, in the same order. */
  readonly gradient: BufferRange;
  /** Coupled L2, one number per block of 64 parameters. */
  readonly l2: BufferRange;
  /** Numbers in `parameters`, a multiple of 64. */
  readonly count: number;
}

function normShader(dim: number, rowStrength = false): Shader {
  return shader("norm", { grid, step, ...lanesOf(dim).part, ...rowStrengthFile(rowStrength), norm });
}

const tableSquaresOp: Op<Omit<ReducedTable, "sums" | "pairs">> = {
  name: "norm_table",
  outputs: () => [[SHARES]],
  emit: (k, { inputs: [pairs, sums], outputs: [partial], attributes }) => {
    const { table, fields, l2, slot } = attributes;
    const { width, count } = lanesOf(table.dim);
    k.shards(table, 0).forEach(({ first, rows, range }, i) =>
      k.run({
        shader: normShader(table.dim, attributes.rowStrength),
        entry: sums ? "of_touched" : "of_rows",
        bind: {
          pairs: sums ? pairs : undefined,
          weights: range,
          reduced: sums ?? k.shards(table, slot)[i].range,
          partial,
          ...rowStrengthRange(k, attributes, i),
        },
        constants: { FIELDS: fields, LANES: count, STRIDE: table.stride / width },
        params: { first, rows, l2, limit: 0 },
        grid: SHARES,
      })
    );
  },
};

const denseSquaresOp: Op<DenseGradient> = {
  name: "norm_dense",
  outputs: () => [[SHARES]],
  emit: (k, { outputs: [partial], attributes }) =>
    k.run({
      shader: normShader(4),
      entry: "of_dense",
      bind: {
        weights: attributes.parameters,
        reduced: attributes.gradient,
        block_l2: attributes.l2,
        partial,
      },
      params: { first: 0, rows: attributes.count / 4, l2: 0, limit: 0 },
      grid: SHARES,
    }),
};

const scaleOp: Op<{ readonly limit: number }> = {
  name: "clip_scale",
  outputs: () => [[1]],
  emit: (k, { inputs: [squares], outputs: [clip], attributes: { limit } }) =>
    k.run({
      shader: normShader(1),
      entry: "scale",
      bind: { squares, clip },
      params: { first: 0, rows: 0, l2: 0, limit },
      grid: 1,
    }),
};

/**
 * Computes the factor min(1, limit / (norm + 1e-6)), norm being that of all gradients together with their L2 terms:
 * rows of the batch where updates are lazy, all rows where they are dense.
 *
 * @returns the factor, `[1]`, as `updateTable` and `updateDense` take it
 * @throws {RangeError} when the limit is not above 0
 * @throws {TypeError} when there is no gradient at all
 */
export function clipScale(limit: number, tables: readonly ReducedTable[], dense?: DenseGradient): Tensor {
  if (!(limit > 0 && limit < Infinity)) {
    throw new RangeError(`Cannot clip gradients: the limit must be above 0, received ${limit}`);
  }
  const parts = tables.map(({ pairs, sums, ...attributes }) =>
    apply(tableSquaresOp, sums ? [pairs, sums] : [pairs], attributes)
  );
  if (dense) parts.push(apply(denseSquaresOp, dense.gradients, dense));
  if (parts.length === 0) throw new TypeError("Cannot clip gradients: there must be at least one, received none");
  return apply(scaleOp, [add(...parts)], { limit });
}
