/**
 * Elements scaled by gates around 1.
 *
 * @module
 */
import source from "../../../shaders/dense/sigmoid_gate.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";

const sigmoidGateOp: Op<null> = {
  name: "sigmoid_gate",
  outputs: ([x, z]) => {
    if (x.shape.join() !== z.shape.join()) {
      throw new TypeError(
        `Cannot build sigmoid_gate: z must have shape ${formatShape(x.shape)}, received ${formatShape(z.shape)}`,
      );
    }
    return [x.shape];
  },
  emit: (k, { inputs: [x, z], outputs: [y] }) => emit(k, "forward", { x, z, y }),
  backward: ({ inputs: [x, z] }, [dy]) => dy ? [...applyAll(gradientOp, [x, z, dy], null)] : [],
};

const gradientOp: Op<null> = {
  name: "sigmoid_gate_backward",
  outputs: ([x, z]) => [x.shape, z.shape],
  emit: (k, { inputs: [x, z, dy], outputs: [dx, dz] }) => emit(k, "backward", { x, z, dy, dx, dz }),
};

function emit(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const { part, count: size } = lanesOf(sizeOf(bind.x.shape, k.batch));
  const kernels = shader("sigmoid_gate", { grid, ...part, sigmoid_gate: source });
  k.run({ shader: kernels, entry, bind, params: { size }, grid: Math.ceil(size / 256) });
}

/**
 * Scales each element by a gate around 1: y = 2 x sigmoid(z).
 *
 * @param x what is scaled
 * @param z log-odds of half the gates, of the shape of `x`
 * @throws {TypeError} when the shapes differ
 */
export function sigmoidGate(x: Tensor, z: Tensor): Tensor {
  return apply(sigmoidGateOp, [x, z], null);
}
