/**
 * Gradients by the weights of convolutions over the field axis, for GPUs.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/field_shift_gradient.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitSplitSum } from "../dense/matmul_tiles.ts";
import { lanesIn, type Shift } from "./field_sizes.ts";

/** Terms and rows of dz of a tile, and tiles of a workgroup at most. */
const TILE = { terms: 4, outs: 8, most: 8 };

/** Workgroups that keep a GPU busy, and the splits that they come from at most. */
const BUSY = { groups: 1056, splits: 256 };

/** Columns that are worth a split. */
const SPLIT_COLUMNS = 512;

const kernels = shader("field_shift_gradient", { grid, field_shift_gradient: source });

/** Factors of the gradient and its sizes. */
export interface ShiftGradient {
  readonly x: Tensor;
  readonly dz: Tensor;
  readonly dw: Tensor;
  /** Rows that the convolution's kernel covers. */
  readonly right: number;
  readonly terms: number;
  readonly outs: number;
  readonly shift: Shift | undefined;
}

/** Appends dw[(i, j), h] = sum_(b, m, d) x[b, i, m + j - before, d] dz[b, h, m, d]. */
export function emitShiftGradient(k: Emitter, { x, dz, dw, right, terms, outs, shift }: ShiftGradient): void {
  const { lanes, in_lanes, step, before } = lanesIn(x, shift);
  const tiles = Math.ceil(terms / TILE.terms) * Math.ceil(outs / TILE.outs);
  const inGroup = Math.min(TILE.most, 2 ** Math.ceil(Math.log2(tiles)));
  const groups = Math.ceil(tiles / inGroup);
  const columns = k.batch * lanes;
  const wanted = Math.min(BUSY.splits, Math.ceil(BUSY.groups / groups), Math.ceil(columns / SPLIT_COLUMNS));
  const slice = Math.ceil(columns / wanted);
  const splits = Math.ceil(columns / slice);
  const parts = splits === 1 ? dw : k.scratch([splits, terms, outs]);
  k.run({
    shader: kernels,
    entry: "gradient",
    bind: { x, dz, parts },
    constants: {
      TILES: inGroup,
      KERNEL: right,
      OUTS: outs,
      TERMS: terms,
      STEP: step,
      IN_LANES: in_lanes,
      OUT_LANES: lanes,
    },
    params: { columns, slice, before },
    grid: splits * groups,
    flops: 8 * columns * terms * outs,
  });
  if (parts !== dw) emitSplitSum(k, parts, dw, undefined, { splits, size: terms * outs, columns: 0 });
}
