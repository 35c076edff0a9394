/**
 * What masked cross layers do behind their products.
 *
 * @module
 */
import source from "../../../shaders/interaction/cross_mask.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { columnDot } from "../dense/arithmetic.ts";
import { fieldSizes } from "./pairs.ts";

const kernels = shader("cross_mask", { grid, cross_mask: source });

function emit(k: Emitter, entry: "forward" | "gradient", bind: Record<string, Tensor>): void {
  const { fields, dim } = fieldSizes("cross_mask", bind.x0);
  const width = fields * dim / 2;
  const params = { batch: k.batch, width, half: dim / 2 };
  k.run({ shader: kernels, entry, bind, params, grid: Math.ceil(k.batch * width / 64) });
}

const crossMaskOp: Op<null> = {
  name: "cross_mask",
  outputs: ([x0, x, c, m, b]) => {
    const { fields, dim } = fieldSizes("cross_mask", x0);
    const half = `B,${fields * dim / 2}`;
    const fits = dim % 2 === 0 && x.shape.join() === x0.shape.join() && widthOf(b.shape) === fields * dim &&
      c.shape.join() === half && m.shape.join() === half;
    if (!fits) {
      throw new TypeError(
        `Cannot build cross_mask: shapes must be [B, F, 2 H] twice, [B, F H] twice and [2 F H], received ${
          [x0, x, c, m, b].map(({ shape }) => formatShape(shape)).join(", ")
        }`,
      );
    }
    return [x0.shape];
  },
  emit: (k, { inputs: [x0, x, c, m, b], outputs: [y] }) => emit(k, "forward", { x0, x, c, m, b, y }),
  backward: ({ inputs: [x0, , c, m, b] }, [dy]) => {
    if (!dy) return [];
    const [dx0, dc, dm] = applyAll(gradientOp, [x0, c, m, b, dy], null);
    return [dx0, dy, dc, dm, columnDot(dy, x0, b.shape)];
  },
};

const gradientOp: Op<null> = {
  name: "cross_mask_backward",
  outputs: ([x0, c, m]) => [x0.shape, c.shape, m.shape],
  emit: (k, { inputs: [x0, c, m, b, dy], outputs: [dx0, dc, dm] }) =>
    emit(k, "gradient", { x0, c, m, b, dy, dx0, dc, dm }),
};

/**
 * Crosses fields with numbers that are masked in the second half of each field: y = x0 * (g + b) + x with
 * g[b, f] = [c_f, c_f * relu(m_f)].
 *
 * @param x0 `[B, F, 2 H]`
 * @param x `[B, F, 2 H]`
 * @param c `[B, F H]`
 * @param m what the mask is made of, `[B, F H]`
 * @param b `[2 F H]`
 * @returns `[B, F, 2 H]`
 * @throws {TypeError} when the shapes do not fit
 */
export function crossMask(x0: Tensor, x: Tensor, c: Tensor, m: Tensor, b: Tensor): Tensor {
  return apply(crossMaskOp, [x0, x, c, m, b], null);
}
