/**
 * Rows repeated at each place, and summed over the places.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/shape/repeat.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("repeat", { grid, repeat: source });

const repeatOp: Op<number> = {
  name: "repeat",
  outputs: ([{ shape }], places) => {
    if (shape.length !== 2 || shape[0] !== "B" || !(places > 0)) {
      throw new TypeError(`Cannot build repeat: input must have shape [B, N], received ${formatShape(shape)}`);
    }
    return [["B", places, shape[1]]];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emitPlaces(k, "repeat", x, y, attributes),
  backward: (_, [dy]) => [dy && sumPlaces(dy)],
};

const sumOp: Op<null> = {
  name: "sum_places",
  outputs: ([{ shape }]) => {
    if (shape.length !== 3 || shape[0] !== "B") {
      throw new TypeError(`Cannot build sum_places: input must have shape [B, L, N], received ${formatShape(shape)}`);
    }
    return [["B", shape[2]]];
  },
  emit: (k, { inputs: [x], outputs: [y] }) => emitPlaces(k, "sum", x, y, Number(x.shape[1])),
  backward: ({ inputs: [x] }, [dy]) => [dy && repeat(dy, Number(x.shape[1]))],
};

function emitPlaces(k: Emitter, entry: string, x: Tensor, y: Tensor, places: number): void {
  const size = sizeOf(y.shape, k.batch);
  const params = { places, width: Number(y.shape.at(-1)), size };
  k.run({ shader: kernels, entry, bind: { x, y }, params, grid: Math.ceil(size / 64) });
}

/**
 * Repeats each row at every place: y[b, t, n] = x[b, n].
 *
 * @param x `[B, N]`
 * @param places number of places L
 * @returns `[B, L, N]`
 * @throws {TypeError} when `x` has another shape
 */
export function repeat(x: Tensor, places: number): Tensor {
  return apply(repeatOp, [x], places);
}

/**
 * Sums places: y[b, n] = sum_t x[b, t, n].
 *
 * @param x `[B, L, N]`
 * @returns `[B, N]`
 * @throws {TypeError} when `x` has another shape
 */
export function sumPlaces(x: Tensor): Tensor {
  return apply(sumOp, [x], null);
}
