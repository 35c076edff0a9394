/**
 * Experts behind a gate: tanh, softmax and their product in one pass.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/gated_experts.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { columnsOf } from "./matmul_layout.ts";

/** Threads of a workgroup, as in the shader. */
const THREADS = 64;

/** Inputs z `[B, K]` and c `[B, K R]`; outputs y and the gates. */
const gatedExpertsOp: Op<null> = {
  name: "gated_experts",
  outputs: ([z, c]) => {
    if (z.shape.length !== 2 || c.shape.length !== 2 || columnsOf("gated_experts", c) % columnsOf("gated_experts", z)) {
      throw new TypeError(
        `Cannot build gated_experts: z and c must have shapes [B, K] and [B, K R], received ${
          formatShape(z.shape)
        } and ${formatShape(c.shape)}`,
      );
    }
    return [c.shape, z.shape];
  },
  emit: (k, { inputs: [z, c], outputs: [y, g] }) => {
    const { experts, lanes, call } = setupOf(k, z, c);
    k.run({ ...call, entry: "forward", bind: { z, c, g, y }, grid: Math.ceil(k.batch * experts * lanes / THREADS) });
  },
  backward: ({ inputs: [z, c], outputs: [, g] }, [dy, dGates]) => {
    if (dGates) throw new TypeError("Cannot differentiate gated_experts: only its first output has a gradient");
    return dy ? applyAll(backwardOp, [z, c, g, dy], null) : [];
  },
};

const backwardOp: Op<null> = {
  name: "gated_experts_backward",
  outputs: ([z, c]) => [z.shape, c.shape],
  emit: (k, { inputs: [z, c, gates, dy], outputs: [dz, dc] }) => {
    const { span, call } = setupOf(k, z, c);
    const samples = Math.floor(THREADS / span);
    k.run({ ...call, entry: "backward", bind: { c, gates, dy, dz, dc }, grid: Math.ceil(k.batch / samples) });
  },
};

function setupOf(k: Emitter, z: Tensor, c: Tensor) {
  const experts = columnsOf("gated_experts", z);
  const { part, count: lanes } = lanesOf(columnsOf("gated_experts", c) / experts);
  const span = Math.min(experts, THREADS);
  return {
    experts,
    lanes,
    span,
    call: {
      shader: shader("gated_experts", { grid, ...part, gated_experts: source }),
      constants: { LANES: lanes, EXPERTS: experts, SPAN: span },
      params: { batch: k.batch },
    },
  };
}

/**
 * Weights experts by gates: y[b, k, r] = g[b, k] tanh(c[b, k, r]) with g = softmax(z).
 *
 * @param z scores of the experts `[B, K]`
 * @param c their numbers `[B, K R]`, expert by expert
 * @returns y `[B, K R]` and the gates g `[B, K]`, which are to be looked at only
 * @throws {TypeError} when the shapes do not fit
 */
export function gatedExperts(z: Tensor, c: Tensor): { readonly y: Tensor; readonly gates: Tensor } {
  const [y, gates] = applyAll(gatedExpertsOp, [z, c], null);
  return { y, gates };
}
