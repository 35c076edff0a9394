/**
 * Mixture of logistic regressions.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/mixture.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { fieldsOf } from "../interaction/field_padding.ts";

const kernels = shader("mixture", { grid, mixture: source });

/** Inputs e; outputs the logit and the sums over fields. The attribute is the number of regions. */
const mixtureOp: Op<number> = {
  name: "mixture",
  outputs: ([e], regions) => {
    const { dim } = fieldsOf("mixture", e);
    if (dim !== regions && dim !== 2 * regions) {
      throw new TypeError(
        `Cannot build mixture: e must have shape [B, F, ${regions}] or [B, F, ${2 * regions}], received width ${dim}`,
      );
    }
    return [["B", 1], ["B", dim]];
  },
  emit: (k, { inputs: [e], outputs: [y, sums], attributes }) => emit(k, "forward", { e, y, sums }, e, attributes),
  backward: ({ inputs: [e], outputs: [, sums], attributes }, [dy]) => [
    dy && apply(mixtureBackwardOp, [e, sums, dy], attributes),
  ],
};

const mixtureBackwardOp: Op<number> = {
  name: "mixture_backward",
  outputs: ([e]) => [e.shape],
  emit: (k, { inputs: [e, saved, dy], outputs: [de], attributes }) => {
    const sums = k.scratch(saved.shape);
    emit(k, "backward", { saved, dy, sums }, e, attributes);
    emit(k, "spread", { saved: sums, y: de }, e, attributes);
  },
};

function emit(k: Emitter, entry: string, bind: Record<string, Tensor>, e: Tensor, regions: number): void {
  const { rows: fields, dim: width } = fieldsOf("mixture", e);
  const invocations = entry === "spread" ? k.batch * fields * width : k.batch;
  k.run({
    shader: kernels,
    entry,
    bind,
    params: { batch: k.batch, fields, regions, width },
    grid: Math.ceil(invocations / 64),
  });
}

/**
 * Mixes logistic regressions: y = log(p / (1 - p)) with p = sum_m softmax_m(g) sigmoid(s[m]), where g and s are sums over
 * fields of the first and of the last M columns. The logit is computed without ever forming p, so that it does not
 * overflow.
 *
 * @param e `[B, F, 2 M]`, or `[B, F, M]` where gates and learners share their scores
 * @param regions M
 * @returns `[B, 1]`
 * @throws {TypeError} when the width is neither
 */
export function mixtureLogit(e: Tensor, regions: number): Tensor {
  return apply(mixtureOp, [e], regions);
}
