/**
 * Complex numbers in polar coordinates and back.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/polar.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { filled } from "./arithmetic.ts";

const kernels = shader("polar", { grid, polar: source });

function pairOp(name: "polar" | "cartesian", backward: Op<null>): Op<null> {
  return {
    name,
    outputs: ([a, b]) => {
      if (a.shape.join() !== b.shape.join()) {
        throw new TypeError(
          `Cannot build ${name}: both inputs must have shape ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
        );
      }
      return [a.shape, b.shape];
    },
    emit: (k, { inputs: [a, b], outputs: [first, second] }) => emit(k, name, { a, b, first, second }),
    backward: ({ inputs, outputs }, gradients) => {
      const [da, db] = outputs.map((y, i) => gradients[i] ?? filled(y, 0));
      // The slopes of exp, cos and sin are in the point itself.
      return [...applyAll(backward, [...(name === "polar" ? inputs : outputs), da, db], null)];
    },
  };
}

function backwardOp(name: "polar_backward" | "cartesian_backward"): Op<null> {
  return {
    name,
    outputs: ([a, b]) => [a.shape, b.shape],
    emit: (k, { inputs: [a, b, da, db], outputs: [first, second] }) => emit(k, name, { a, b, da, db, first, second }),
  };
}

function emit(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const size = sizeOf(bind.first.shape, k.batch);
  k.run({ shader: kernels, entry, bind, params: { size }, grid: Math.ceil(size / 256) });
}

const polarOp = pairOp("polar", backwardOp("polar_backward"));

const cartesianOp = pairOp("cartesian", backwardOp("cartesian_backward"));

/**
 * Turns points into polar coordinates: logRadius = log(x^2 + y^2 + 1e-8) / 2, angle = atan2(y, x).
 *
 * The gradient of the angle is divided by the squared radius and 1e-8 as well, so that it stays finite at 0.
 *
 * @param y the shape of `x`
 * @throws {TypeError} when the shapes differ
 */
export function polar(x: Tensor, y: Tensor): { logRadius: Tensor; angle: Tensor } {
  const [logRadius, angle] = applyAll(polarOp, [x, y], null);
  return { logRadius, angle };
}

/**
 * Turns polar coordinates into points: x = exp(logRadius) cos(angle), y = exp(logRadius) sin(angle).
 *
 * @param angle the shape of `logRadius`
 * @throws {TypeError} when the shapes differ
 */
export function cartesian(logRadius: Tensor, angle: Tensor): { x: Tensor; y: Tensor } {
  const [x, y] = applyAll(cartesianOp, [logRadius, angle], null);
  return { x, y };
}
