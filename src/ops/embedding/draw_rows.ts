/**
 * Rows drawn at random in place of those of a history.
 *
 * @module
 */
import source from "../../../shaders/embedding/draw_rows.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("draw_rows", { grid, step, random, draw_rows: source });

/** Rows of the flat row space. */
export interface RowRange {
  /** Number of the first row. */
  readonly first: number;
  /** Number of rows, at least 1. */
  readonly rows: number;
}

interface DrawAttributes {
  /** What is drawn for each of the sequences that run along each other. */
  readonly ranges: readonly RowRange[];
  readonly salt: number;
}

const drawRowsOp: Op<DrawAttributes> = {
  name: "draw_rows",
  outputs: ([ids], { ranges }) => {
    const [count, batch] = ids.shape;
    if (ids.dtype !== "u32" || batch !== "B" || Number(count) % ranges.length !== 0) {
      throw new TypeError(
        `Cannot draw rows: ids must have shape [${ranges.length} L, B] and type u32, received ${
          formatShape(ids.shape)
        } ${ids.dtype}`,
      );
    }
    return [{ shape: ids.shape, dtype: "u32" }];
  },
  emit: (k, { inputs: [known], outputs: [ids], attributes: { ranges, salt } }) => {
    const places = Number(known.shape[0]) / ranges.length;
    ranges.forEach((range, member) =>
      k.run({
        shader: kernels,
        entry: "draw",
        bind: { known, ids },
        constants: { SALT: salt },
        params: { batch: k.batch, places, members: ranges.length, member, ...range },
        grid: Math.ceil(places * k.batch / 64),
      })
    );
  },
};

/**
 * Draws a row for each place of a history that has one, uniformly from the rows of its sequence and anew in each step.
 *
 * @param ids `[L M, B]`, u32, M sequences along each other; 0xffffffff past the end of a history, where it stays
 * @param ranges rows of each sequence
 * @param salt sets these draws apart from others of a step
 * @returns `[L M, B]`, u32
 * @throws {TypeError} when the ids have another shape or type
 */
export function drawRows(ids: Tensor, ranges: readonly RowRange[], salt: number): Tensor {
  return apply(drawRowsOp, [ids], { ranges, salt });
}
