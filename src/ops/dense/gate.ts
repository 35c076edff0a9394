/**
 * Activations whose slope needs their input: GELU, SiLU and PReLU.
 *
 * @module
 */
import source from "../../../shaders/dense/gate.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { columnProductsKernel } from "./column_products.ts";

const kernels = shader("gate", { grid, gate: source });

function emitElements(k: Emitter, entry: string, bind: Record<string, Tensor>): void {
  const size = sizeOf(bind.y.shape, k.batch);
  const width = bind.slope ? widthOf(bind.slope.shape) : 1;
  k.run({ shader: kernels, entry, bind, params: { size, width }, grid: Math.ceil(size / 256) });
}

/** The gradient of slopes: dslope[n] = sum_r dy min(x, 0). */
const slopeKernel = columnProductsKernel("prelu_slope", true, (k, { a: dy, b: x, y }) => {
  const width = widthOf(y.shape);
  const params = { size: sizeOf(x.shape, k.batch), width };
  k.run({ shader: kernels, entry: "prelu_slope", bind: { x, dy, y }, params, grid: width });
});

function checkSlope(name: string, x: Tensor, slope: Tensor): void {
  const last = x.shape.at(-1);
  if (slope.shape.length !== 1 || (slope.shape[0] !== 1 && slope.shape[0] !== last)) {
    throw new TypeError(
      `Cannot build ${name}: the slope must have shape [${last}] or [1], received ${formatShape(slope.shape)}`,
    );
  }
}

const geluOp: Op<null> = {
  name: "gelu",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y] }) => emitElements(k, "gelu", { x, y }),
  backward: ({ inputs: [x] }, [dy]) => [dy && apply(geluBackwardOp, [x, dy], null)],
};

const geluBackwardOp: Op<null> = {
  name: "gelu_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dy], outputs: [dx] }) => emitElements(k, "gelu_backward", { x, dy, y: dx }),
};

const siluOp: Op<null> = {
  name: "silu",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x], outputs: [y] }) => emitElements(k, "silu", { x, y }),
  backward: ({ inputs: [x] }, [dy]) => [dy && apply(siluBackwardOp, [x, dy], null)],
};

const siluBackwardOp: Op<null> = {
  name: "silu_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dy], outputs: [dx] }) => emitElements(k, "silu_backward", { x, dy, y: dx }),
};

const preluOp: Op<null> = {
  name: "prelu",
  outputs: ([x, slope]) => {
    checkSlope("prelu", x, slope);
    return [x.shape];
  },
  emit: (k, { inputs: [x, slope], outputs: [y] }) => emitElements(k, "prelu", { x, slope, y }),
  backward: ({ inputs: [x, slope] }, [dy]) => dy ? [...applyAll(preluBackwardOp, [x, slope, dy], null)] : [],
};

const preluBackwardOp: Op<null> = {
  name: "prelu_backward",
  outputs: ([x, slope]) => [x.shape, slope.shape],
  emit: (k, { inputs: [x, slope, dy], outputs: [dx, dSlope] }) => {
    emitElements(k, "prelu_backward", { x, slope, dy, y: dx });
    emitKernel(k, slopeKernel, { a: dy, b: x, y: dSlope });
  },
};

/** Weights each element by the probability that a normal number is below it: y = x Phi(x). */
export function gelu(x: Tensor): Tensor {
  return apply(geluOp, [x], null);
}

/** Weights each element by its sigmoid: y = x sigmoid(x). */
export function silu(x: Tensor): Tensor {
  return apply(siluOp, [x], null);
}

/**
 * Scales negative elements by a learned slope: y = max(x, 0) + slope[n] min(x, 0).
 *
 * @param x `[..., N]`
 * @param slope `[N]`, or `[1]` for all columns
 * @returns the shape of `x`
 * @throws {TypeError} when the slope has another shape
 */
export function prelu(x: Tensor, slope: Tensor): Tensor {
  return apply(preluOp, [x, slope], null);
}
