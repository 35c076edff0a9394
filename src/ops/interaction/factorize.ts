/**
 * The factorized interaction: one half of a row scales the other.
 *
 * @module
 */
import source from "../../../shaders/interaction/factorize.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

/** What follows the scaled half: both halves side by side, or their sum. */
export type FactorizeKind = "join" | "fold";

function emitHalves(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const { part, count } = lanesOf(widthOf(bind.z.shape) / 2);
  k.run({
    shader: shader("factorize", { grid, ...part, factorize: source }),
    entry,
    bind,
    params: { batch: k.batch, half_lanes: count },
    grid: Math.ceil(k.batch * count / 64),
  });
}

const factorizeOp: Op<FactorizeKind> = {
  name: "factorize",
  outputs: ([z], kind) => {
    const [batch, width] = z.shape;
    if (z.shape.length !== 2 || batch !== "B" || Number(width) % 2 !== 0) {
      throw new TypeError(`Cannot build factorize: input must have shape [B, 2 W], received ${formatShape(z.shape)}`);
    }
    return [["B", kind === "join" ? Number(width) : Number(width) / 2]];
  },
  emit: (k, { inputs: [z], outputs: [y], attributes }) => emitHalves(k, attributes, { z, y }),
  backward: ({ inputs: [z], attributes }, [dy]) => [dy && apply(factorizeBackwardOp, [z, dy], attributes)],
};

const factorizeBackwardOp: Op<FactorizeKind> = {
  name: "factorize_backward",
  outputs: ([z]) => [z.shape],
  emit: (k, { inputs: [z, dy], outputs: [dz], attributes }) =>
    emitHalves(k, `${attributes}_gradient`, { z, dy, y: dz }),
};

/**
 * Scales one half of each row by the other: z = [h, g] becomes [h, g h], or h + g h.
 *
 * @param z `[B, 2 W]`
 * @returns `[B, 2 W]` where the halves are joined, `[B, W]` where they are folded
 * @throws {TypeError} when the width is odd
 */
export function factorize(z: Tensor, kind: FactorizeKind): Tensor {
  return apply(factorizeOp, [z], kind);
}
