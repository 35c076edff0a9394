/**
 * The logit of a compressed interaction network.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/cin_logit.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitColumnSum } from "../dense/matmul_vector.ts";
import { lanesOf } from "../shape/lane.ts";

/** Inputs offset, z, x0, pooled and top. */
const cinLogitOp: Op<null> = {
  name: "cin_logit",
  outputs: ([, z, x0, pooled, top]) => {
    if (z.shape.join() !== x0.shape.join() || widthOf(pooled.shape.slice(1)) !== widthOf(top.shape)) {
      const shapes = [x0, pooled, top].map(({ shape }) => formatShape(shape)).join(", ");
      throw new TypeError(
        `Cannot build cin_logit: x0 must have shape ${formatShape(z.shape)}, pooled and top [B, P] and [P, 1], ` +
          `received ${shapes}`,
      );
    }
    return [["B", 1]];
  },
  emit: (k, { inputs: [offset, z, x0, pooled, top], outputs: [y] }) => {
    const { call } = setupOf(k, z, pooled);
    const bind = { offset, z, x0, pooled, top, y };
    k.run({ ...call, entry: "forward", bind, grid: Math.ceil(k.batch / 16) });
  },
  backward: ({ inputs: [, z, x0, pooled, top] }, [dy]) => {
    if (!dy) return [];
    const [dOffset, dz, dx0, dPooled, dTop] = applyAll(backwardOp, [dy, z, x0, pooled, top], null);
    return [dOffset, dz, dx0, dPooled, dTop];
  },
};

const backwardOp: Op<null> = {
  name: "cin_logit_backward",
  outputs: ([, z, x0, pooled, top]) => [[1], z.shape, x0.shape, pooled.shape, top.shape],
  emit: (k, { inputs: [dy, z, x0, pooled, top], outputs: [dOffset, dz, dx0, dpooled, dTop] }) => {
    const { lanes, call } = setupOf(k, z, pooled);
    const bind = { dy, z, x0, top, dz, dx0, dpooled };
    k.run({ ...call, entry: "backward", bind, grid: Math.ceil(k.batch * lanes / 256) });
    emitColumnSum(k, pooled, dTop, dy, dOffset);
  },
};

function setupOf(k: Emitter, z: Tensor, pooled: Tensor) {
  const sizes = [z, pooled].map(({ shape }) => widthOf(shape.slice(1)));
  const bits = sizes[0] | sizes[1];
  const { width, part } = lanesOf(bits & -bits);
  const [lanes, pooledLanes] = sizes.map((size) => size / width);
  return {
    lanes: lanes + pooledLanes,
    call: {
      shader: shader("cin_logit", { grid, ...part, cin_logit: source }),
      constants: { LANES: lanes, POOLED: pooledLanes },
      params: { batch: k.batch },
    },
  };
}

/** What the logit is computed from. */
export interface CinLogitInputs {
  /** Number that is added, `[1]`. */
  readonly offset: Tensor;
  /** Embeddings through the last layer's form, `[B, F, D]`. */
  readonly z: Tensor;
  /** The embeddings `[B, F, D]`. */
  readonly x0: Tensor;
  /** Sums of the maps of earlier layers, `[B, P]`. */
  readonly pooled: Tensor;
  /** The weights above them, `[P, 1]`. */
  readonly top: Tensor;
}

/**
 * Computes y[b] = offset + sum_n z[b, n] x0[b, n] + sum_p pooled[b, p] top[p].
 *
 * @returns `[B, 1]`
 * @throws {TypeError} when the shapes do not fit
 */
export function logitOfForm({ offset, z, x0, pooled, top }: CinLogitInputs): Tensor {
  return apply(cinLogitOp, [offset, z, x0, pooled, top], null);
}
