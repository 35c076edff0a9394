/**
 * What matrix cross layers do around their products.
 *
 * @module
 */
import source from "../../shaders/cross_matrix.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../graph/tensor.ts";
import { lanesOf } from "./lane.ts";

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
