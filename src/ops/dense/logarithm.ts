/**
 * Logarithms of magnitudes, and exponentials.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/logarithm.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { multiply } from "./arithmetic.ts";

const kernels = shader("logarithm", { grid, logarithm: source });

/** The attribute is the least magnitude. */
const logarithmOp: Op<number> = {
  name: "logarithm",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emit(k, "logarithm", { x, y }, attributes),
  backward: ({ inputs: [x], attributes }, [dy]) => [dy && apply(logarithmBackwardOp, [x, dy], attributes)],
};

const logarithmBackwardOp: Op<number> = {
  name: "logarithm_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dy], outputs: [y], attributes }) => emit(k, "logarithm_backward", { x, dy, y }, attributes),
};

const exponentialOp: Op<null> = {
  name: "exponential",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y] }) => emit(k, "exponential", { x, y }, 0),
  backward: ({ outputs: [y] }, [dy]) => [dy && multiply(dy, y)],
};

function emit(k: Emitter, entry: string, bind: Record<string, Tensor>, least: number): void {
  const size = sizeOf(bind.y.shape, k.batch);
  k.run({ shader: kernels, entry, bind, params: { size, least }, grid: Math.ceil(size / 256) });
}

/**
 * Takes logarithms of magnitudes: y = log(max(|x|, least)).
 *
 * @throws {RangeError} when `least` is not positive
 */
export function logarithm(x: Tensor, least = 1e-5): Tensor {
  if (!(least > 0)) throw new RangeError(`Cannot build logarithm: the least must be positive, received ${least}`);
  return apply(logarithmOp, [x], least);
}

/** Takes exponentials: y = exp(x). */
export function exponential(x: Tensor): Tensor {
  return apply(exponentialOp, [x], null);
}
