/**
 * Attention of one query per head to the places of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import largest from "../../../shaders/sequence/largest.wgsl" with { type: "text" };
import poolColumns from "../../../shaders/sequence/pool_columns.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/target_heads.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { dense } from "../dense/dense.ts";
import { groupedMatmul } from "../dense/grouped_matmul.ts";
import { lanesOf } from "../shape/lane.ts";
import { flatten, reshape } from "../shape/reshape.ts";
import { MOST_THREADS, placeGroup } from "./place_groups.ts";
import { placesOf, requireLengths } from "./places.ts";

/** What {@linkcode targetHeads} is specialized by. */
export interface TargetHeadsAttributes {
  /** Factor of q . x. */
  readonly scale: number;
  /** Whether scores become weights that sum to 1; otherwise they weigh as they are. @default {true} */
  readonly softmax?: boolean;
  /** Newest places that count. @default {all} */
  readonly window?: number;
  /** Places with the largest scores that each head keeps, the newer one among equals. @default {all} */
  readonly top?: number;
}

interface HeadSizes {
  readonly heads: number;
  /** Numbers of a query. */
  readonly width: number;
  /** Numbers of a place. */
  readonly row: number;
  readonly places: number;
}

function sizesOf(q: Tensor, x: Tensor): HeadSizes {
  const { places, width: row } = placesOf("target_heads", x);
  const [batch, heads, width] = q.shape;
  if (
    q.shape.length !== 3 || batch !== "B" || typeof heads !== "number" || typeof width !== "number" ||
    (width !== row && heads * width !== row)
  ) {
    throw new TypeError(
      `Cannot build target_heads: queries must have shape [B, H, ${row}] or together ${row} columns, received ${
        formatShape(q.shape)
      }`,
    );
  }
  if (heads > MOST_THREADS) {
    throw new RangeError(`Cannot build target_heads: heads must be ${MOST_THREADS} or fewer, received ${heads}`);
  }
  return { heads, width, row, places };
}

/** Inputs q, x, lengths; outputs y and the weights. */
const targetHeadsOp: Op<TargetHeadsAttributes> = {
  name: "target_heads",
  outputs: ([q, x, lengths], { window, top, softmax = true }) => {
    const { heads, places } = sizesOf(q, x);
    requireLengths("target_heads", lengths);
    for (const [name, count] of Object.entries({ window, top })) {
      if (count === undefined || (Number.isInteger(count) && count > 0)) continue;
      throw new RangeError(`Cannot build target_heads: ${name} must be a positive integer, received ${count}`);
    }
    if (top !== undefined && !softmax) {
      throw new RangeError(`Cannot build target_heads: only a softmax keeps the best places, received top ${top}`);
    }
    return [q.shape, ["B", heads, places]];
  },
  emit: (k, { inputs: [q, x, lengths], outputs: [y, factors], attributes }) =>
    emitRows(k, "forward", [q, x], { q, x, lengths, factors, y }, attributes),
  backward: ({ inputs: [q, x, lengths], outputs: [, w], attributes }, [dy]) =>
    dy ? applyAll(targetHeadsBackwardOp, [q, x, lengths, w, dy], attributes) : [],
};

/** Outputs dq and dx. */
const targetHeadsBackwardOp: Op<TargetHeadsAttributes> = {
  name: "target_heads_backward",
  outputs: ([q, x]) => [q.shape, x.shape],
  emit: (k, { inputs: [q, x, lengths, w, dy], outputs: [y, dx], attributes }) =>
    emitRows(k, "backward", [q, x], { q, x, lengths, w, dy, factors: k.scratch(w.shape), y, dx }, attributes),
};

function emitRows(
  k: Emitter,
  entry: "forward" | "backward",
  [q, x]: readonly [Tensor, Tensor],
  bind: Readonly<Record<string, Tensor>>,
  { scale, softmax = true, window, top }: TargetHeadsAttributes,
): void {
  const { heads, width, row, places } = sizesOf(q, x);
  const lanes = lanesOf(width);
  const isWhole = width === row;
  const selects = entry === "forward" && top !== undefined && top < places;
  const counting = Math.min(window ?? places, places);
  // The gradient of a place is written also where the place does not count.
  const problem = { places: entry === "forward" ? counting : places, heads, selects };
  const { rows, per } = placeGroup(k.gpu.profile, problem);
  k.run({
    shader: shader("target_heads", { grid, ...lanes.part, largest, pool_columns: poolColumns, target_heads: source }),
    entry,
    bind,
    constants: {
      SOFTMAX: softmax,
      HEADS: heads,
      COUNT: lanes.count,
      ROW: row / lanes.width,
      STEP: isWhole ? 0 : lanes.count,
      ROWS: rows,
      PER: per,
      TOP: selects ? top : 0,
    },
    params: { batch: k.batch, places, window: counting, scale },
    grid: Math.ceil(k.batch / rows),
    flops: (entry === "forward" ? 4 : 8) * k.batch * places * heads * width,
  });
}

/**
 * Attends to the places of a history with one query per head: y[b, h, :] = sum_t w[b, h, t] x[b, t, :], and
 * w[b, h, t] is the softmax over t < lengths[b] of scale q[b, h, :] . x[b, t, :], or that product itself.
 *
 * Queries as wide as a place read all its columns; narrower ones divide the columns among them.
 *
 * @param q queries `[B, H, N]`, or `[B, H, N / H]`
 * @param x places `[B, L, N]`
 * @param lengths `[B]`, u32; an empty history gives zeros
 * @returns `y`, the shape of `q`, and `weights` `[B, H, L]`, through which no gradient flows
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there are more than 128 heads, a window or selection is no positive integer, or there is
 *   one without softmax
 */
export function targetHeads(
  q: Tensor,
  x: Tensor,
  lengths: Tensor,
  attributes: TargetHeadsAttributes,
): { y: Tensor; weights: Tensor } {
  const [y, weights] = applyAll(targetHeadsOp, [q, x, lengths], attributes);
  return { y, weights };
}

/** Projections of heads, H together A columns wide. */
export interface HeadWeights {
  /** Of the target, `[N, A]`. */
  readonly q: Tensor;
  /** Of places to keys, transposed, head by head: `[H, A / H, N]`. */
  readonly k: Tensor;
  /** Of places to values, head by head: `[H, N, A / H]`. */
  readonly v: Tensor;
  /** Of the heads' values side by side, `[A, N]`. */
  readonly o: Tensor;
}

/**
 * Attends with projections of target and places: y = sum_h (sum_t w[h, t] W_v x_t) W_o, and w[h, :] is the softmax of
 * scale (W_q target) . (W_k x_t).
 *
 * No place is projected, since (W_q target) . (W_k x) = (W_k^T W_q target) . x and sum_t w_t W_v x_t = W_v sum_t w_t x_t.
 *
 * @param target `[B, N]`
 * @param x places `[B, L, N]`
 * @param lengths `[B]`, u32
 * @returns `y` `[B, N]`, and `weights` `[B, H, L]`
 * @throws {TypeError} when a shape differs
 */
export function projectedHeads(
  target: Tensor,
  x: Tensor,
  lengths: Tensor,
  { q, k, v, o }: HeadWeights,
  attributes: TargetHeadsAttributes,
): { y: Tensor; weights: Tensor } {
  const [heads, , width] = k.shape;
  const queries = reshape(groupedMatmul(dense(target, q), k), ["B", heads, width]);
  const { y, weights } = targetHeads(queries, x, lengths, attributes);
  return { y: dense(groupedMatmul(flatten(y), v), o), weights };
}
