/**
 * A graph of fields whose edges have learned weights.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/field_graph.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { fieldSizes } from "./pairs.ts";

const kernels = shader("field_graph", { grid, field_graph: source });

/** The attribute is the slope of negative scores. */
const graphOp: Op<number> = {
  name: "field_graph",
  outputs: ([s]) => {
    const { fields, dim } = fieldSizes("field_graph", s);
    if (dim !== 2) {
      throw new TypeError(
        `Cannot build field_graph: scores must have shape [B, F, 2], received ${formatShape(s.shape)}`,
      );
    }
    return [["B", fields, fields]];
  },
  emit: (k, { inputs: [s], outputs: [w], attributes }) => emit(k, "forward", attributes, { s, w }),
  backward: ({ inputs: [s], outputs: [weights], attributes }, [dw]) => [
    dw && apply(backwardOp, [s, weights, dw], attributes),
  ],
};

const backwardOp: Op<number> = {
  name: "field_graph_backward",
  outputs: ([s]) => [s.shape],
  emit: (k, { inputs: [s, weights, dw], outputs: [ds], attributes }) => {
    const c = k.scratch(s.shape.slice(0, 2));
    emit(k, "senders", attributes, { s, weights, dw, ds, c });
    emit(k, "receivers", attributes, { s, weights, dw, ds, sums: c });
  },
};

function emit(k: Emitter, entry: string, slope: number, bind: Record<string, Tensor>): void {
  const { fields } = fieldSizes("field_graph", bind.s);
  const rows = k.batch * fields;
  const constants = { SLOPE: slope };
  k.run({ shader: kernels, entry, bind, constants, params: { rows, fields }, grid: Math.ceil(rows / 64) });
}

/**
 * Weights the edges from each field to the others: w[b, i, j] = softmax_{j != i}(leaky(s[b, i, 0] + s[b, j, 1])).
 *
 * @param s what a field contributes as the first and as the second one of an edge, `[B, F, 2]`
 * @param slope slope of negative scores
 * @returns `[B, F, F]`, 0 on the diagonal
 * @throws {TypeError} when the shape is not `[B, F, 2]`
 */
export function fieldGraph(s: Tensor, slope = 0.01): Tensor {
  return apply(graphOp, [s], slope);
}
