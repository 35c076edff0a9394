/**
 * One step of a gated recurrent unit.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/gru_cell.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { columnsOf } from "../dense/matmul_layout.ts";

const kernels = shader("gru_cell", { grid, gru_cell: source });

const cellOp: Op<null> = {
  name: "gru_cell",
  outputs: ([a, c, h]) => {
    const wanted = [...h.shape.slice(0, -1), 3 * columnsOf("gru_cell", h)];
    const other = [a, c].find(({ shape }) => shape.join() !== wanted.join());
    if (other) {
      throw new TypeError(
        `Cannot build gru_cell: gates must have shape ${formatShape(wanted)}, received ${formatShape(other.shape)}`,
      );
    }
    return [h.shape];
  },
  emit: (k, { inputs: [a, c, h], outputs: [y] }) => emit(k, "forward", { a, c, h, y }),
  backward: ({ inputs: [a, c, h] }, [dy]) => dy ? [...applyAll(backwardOp, [a, c, h, dy], null)] : [],
};

const backwardOp: Op<null> = {
  name: "gru_cell_backward",
  outputs: ([a, c, h]) => [a.shape, c.shape, h.shape],
  emit: (k, { inputs: [a, c, h, dy], outputs: [da, dc, dh] }) => emit(k, "backward", { a, c, h, dy, da, dc, dh }),
};

function emit(k: Emitter, entry: "forward" | "backward", bind: Record<string, Tensor>): void {
  const size = sizeOf(bind.h.shape, k.batch);
  const params = { size, width: columnsOf("gru_cell", bind.h) };
  k.run({ shader: kernels, entry, bind, params, grid: Math.ceil(size / 64) });
}

/**
 * Moves a state by its gates: y = (1 - z) n + z h with r = sigmoid(a_r + c_r), z = sigmoid(a_z + c_z) and
 * n = tanh(a_n + r c_n).
 *
 * @param a what the input says: r, z and n side by side, `[..., 3 N]`
 * @param c what the state says, `[..., 3 N]`
 * @param h state `[..., N]`
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function gruCell(a: Tensor, c: Tensor, h: Tensor): Tensor {
  return apply(cellOp, [a, c, h], null);
}
