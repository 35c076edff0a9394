/**
 * Weights of ordered pairs of fields, folded to pairs.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/pair_fold.wgsl" with { type: "text" };
import order from "../../../shaders/interaction/pair_order.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { filled } from "../dense/arithmetic.ts";
import { lanesOf } from "../shape/lane.ts";

function emit(k: Emitter, entry: "fold" | "unfold", whole: Tensor, bind: Record<string, Tensor>): void {
  const [fields, , dim] = whole.shape.map(Number);
  const { part, count } = lanesOf(dim);
  k.run({
    shader: shader("pair_fold", { grid, ...part, pair_fold: source, pair_order: order }),
    entry,
    bind,
    constants: { LANES: count },
    params: { fields },
    grid: Math.ceil(fields * fields * count / 64),
  });
}

const foldOp: Op<null> = {
  name: "pair_fold",
  outputs: ([w]) => {
    const [rows, fields, dim] = w.shape;
    if (w.shape.length !== 3 || rows !== fields || w.shape.includes("B") || Number(fields) < 2) {
      throw new TypeError(
        `Cannot build pair_fold: weights must have shape [F, F, D] of 2 fields or more, received ${
          formatShape(w.shape)
        }`,
      );
    }
    return [[Number(fields) * (Number(fields) - 1) / 2, dim], [fields, dim]];
  },
  emit: (k, { inputs: [w], outputs: [pairs, diagonal] }) => emit(k, "fold", w, { w, pairs, diagonal }),
  backward: ({ inputs: [w], outputs }, gradients) => {
    const [dpairs, ddiagonal] = outputs.map((y, i) => gradients[i] ?? filled(y, 0));
    return [apply(unfoldOp, [w, dpairs, ddiagonal], null)];
  },
};

const unfoldOp: Op<null> = {
  name: "pair_fold_backward",
  outputs: ([w]) => [w.shape],
  emit: (k, { inputs: [, dpairs, ddiagonal], outputs: [dw] }) => emit(k, "unfold", dw, { dpairs, ddiagonal, dw }),
};

/**
 * Adds the weights of the two orders of each pair: pairs[p] = w[i, j] + w[j, i], diagonal[i] = w[i, i].
 *
 * @param w `[F, F, D]`
 * @returns `pairs` `[F (F - 1) / 2, D]`, in the order (0, 1), (0, 2), ..., (1, 2), ..., and `diagonal` `[F, D]`
 * @throws {TypeError} when the shape is another one
 */
export function foldPairs(w: Tensor): { pairs: Tensor; diagonal: Tensor } {
  const [pairs, diagonal] = applyAll(foldOp, [w], null);
  return { pairs, diagonal };
}
