/**
 * What matrix cross layers do around their products.
 *
 * @module
 */
import source from "../../../shaders/interaction/cross_matrix.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { affineGradients, dense } from "../dense/dense.ts";
import { lanesOf } from "../shape/lane.ts";
import { emitCross } from "../dense/matmul_kernels.ts";

function emitLanes(k: Emitter, entry: string, like: Tensor, bind: Record<string, Tensor>): void {
  const { part, width } = lanesOf(widthOf(like.shape));
  const size = sizeOf(like.shape, k.batch) / width;
  k.run({
    shader: shader("cross_matrix", { grid, ...part, cross_matrix: source }),
    entry,
    bind,
    params: { size },
    grid: Math.ceil(size / 64),
  });
}

const crossMatrixOp: Op<null> = {
  name: "cross_matrix",
  outputs: ([x0, ...others]) => {
    const other = others.find(({ shape }) => shape.join() !== x0.shape.join());
    if (other) {
      throw new TypeError(
        `Cannot build cross_matrix: inputs must have shape ${formatShape(x0.shape)}, received ${
          formatShape(other.shape)
        }`,
      );
    }
    return [x0.shape];
  },
  emit: (k, { inputs: [x0, x, z, gate], outputs: [y] }) =>
    gate ? emitLanes(k, "combine_gated", y, { x0, z, x, gate, y }) : emitLanes(k, "combine", y, { x0, z, x, y }),
  backward: ({ inputs: [x0, , z, gate] }, [dy]) => {
    if (!dy) return [];
    const [dz, dx0, dGate] = applyAll(gradientOp, gate ? [x0, z, dy, gate] : [x0, z, dy], null);
    return [dx0, dy, dz, dGate];
  },
};

const gradientOp: Op<null> = {
  name: "cross_matrix_backward",
  outputs: ([x0, , , gate]) => gate ? [x0.shape, x0.shape, x0.shape] : [x0.shape, x0.shape],
  emit: (k, { inputs: [x0, z, dy, gate], outputs: [dz, dx0, dgate] }) =>
    gate
      ? emitLanes(k, "gradient_gated", x0, { x0, z, dy, gate, dz, dx0, dgate })
      : emitLanes(k, "gradient", x0, { x0, z, dy, dz, dx0 }),
};

/** A whole layer; its inputs hold x twice, since it has a gradient through the product and one beside it. */
const crossLayerOp: Op<null> = {
  name: "cross_layer",
  outputs: ([x0]) => [x0.shape, x0.shape],
  emit: (k, { inputs: [x0, x, , w, bias], outputs: [y, product] }) => emitCross(k, { x0, x, w, bias, y, product }),
  backward: ({ inputs: [x0, x, , w], outputs: [, z] }, [dy]) => {
    if (!dy) return [];
    const [dz, dx0] = applyAll(gradientOp, [x0, z, dy], null);
    return [dx0, dy, ...affineGradients(x, w, dz)];
  },
};

/**
 * Applies a matrix cross layer: y = x0 (x W + b) + x, as one kernel where the width divides by four.
 *
 * @param x0 the network's input `[B, N]`
 * @param x the layer's input `[B, N]`
 * @param w `[N, N]`
 * @param bias `[N]`
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 */
export function crossLayer(x0: Tensor, x: Tensor, w: Tensor, bias: Tensor): Tensor {
  const width = widthOf(x0.shape);
  const fits = x0.shape.length === 2 && x0.shape.join() === x.shape.join() && w.shape.join() === `${width},${width}` &&
    bias.shape.join() === `${width}`;
  if (width % 4 !== 0 || !fits) return crossMatrix(x0, x, dense(x, w, bias));
  return apply(crossLayerOp, [x0, x, x, w, bias], null);
}

/**
 * Ends a matrix cross layer: y = x0 z + x, or y = x0 z sigmoid(gate) + x.
 *
 * @param x0 the network's input `[B, N]`
 * @param x the layer's input `[B, N]`
 * @param z x W + b `[B, N]`
 * @param gate x G `[B, N]`; no gate when absent
 * @returns `[B, N]`
 * @throws {TypeError} when the shapes differ
 */
export function crossMatrix(x0: Tensor, x: Tensor, z: Tensor, gate?: Tensor): Tensor {
  return apply(crossMatrixOp, gate ? [x0, x, z, gate] : [x0, x, z], null);
}
