/**
 * Graphs of fields: weighted edges, messages along them, and recurrent updates of their states.
 *
 * @module
 */
import { normal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { batchMatmul } from "../ops/dense/batch_matmul.ts";
import { addBias } from "../ops/dense/bias.ts";
import { fieldGraph as weigh } from "../ops/interaction/field_graph.ts";
import { fieldMatrix } from "../ops/interaction/field_matrix.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { gruCell } from "../ops/sequence/gru_cell.ts";
import { dense } from "./mlp.ts";

/** Options of the layers of graphs. */
export interface GraphOptions {
  /** Name of the layer. @default the layer's own */
  name?: string;
}

/**
 * Weights the edges between fields: g_ij = softmax_{j != i}(leaky(u . e_i + v . e_j)).
 *
 * Exposes g as `field_graph`. Li et al.: Fi-GNN. CIKM 2019.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, F, F]`, 0 on the diagonal
 */
export function fieldGraph(e: Tensor, { name = "edges" }: GraphOptions = {}): Tensor {
  const graph = weigh(dense(e, 2, { name, bias: false }));
  e.graph.expose("field_graph", graph);
  return graph;
}

/**
 * Sends states along the edges of a graph: a_i = (sum_j g_ij h_j O_j) I_i + b, with matrices of each field.
 *
 * Li et al.: Fi-GNN. CIKM 2019.
 *
 * @param h states `[B, F, D]`
 * @param edges weights g `[B, F, F]`
 * @returns `[B, F, D]`
 */
export function graphMessages(h: Tensor, edges: Tensor, { name = "gnn" }: GraphOptions = {}): Tensor {
  const { graph } = h;
  const { fields, dim } = fieldSizes("graphMessages", h);
  const prefix = graph.uniqueName(name);
  const matrices = (kind: string): Tensor =>
    graph.parameter(`${prefix}.${kind}`, [fields, dim, dim], normal(dim ** -0.5));
  const sent = batchMatmul(edges, fieldMatrix(h, matrices("out")));
  return addBias(fieldMatrix(sent, matrices("in")), graph.parameter(`${prefix}.bias`, [dim], zeros()));
}

/**
 * Moves states by a gated recurrent unit: h' = (1 - z) n + z h with gates r, z and n dense in the input and the state.
 *
 * Cho et al., EMNLP 2014. All fields share the unit; with `share` several steps do.
 *
 * @param x input `[B, N]` or `[B, F, N]`
 * @param h state, of the width D and otherwise the shape of `x`
 * @returns the shape of `h`
 */
export function gruStep(x: Tensor, h: Tensor, { name = "gru" }: GraphOptions = {}): Tensor {
  const prefix = h.graph.uniqueName(name);
  const width = 3 * Number(h.shape.at(-1));
  const gates = (from: Tensor, kind: string): Tensor => dense(from, width, { name: `${prefix}.${kind}` });
  return gruCell(gates(x, "input"), gates(h, "state"), h);
}
