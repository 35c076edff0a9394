/**
 * Routing of rows to clusters whose centers follow the rows.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/cluster_routing.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { columnsOf } from "./matmul_layout.ts";

/** Rows that an invocation sums, as in the shader. */
const BLOCK = 32;

/** How centers move. */
export interface RoutingOptions {
  /** Times that a training step moves the centers. */
  readonly passes: number;
  /** Share of a center that stays in a move. */
  readonly rate: number;
}

interface RoutingAttributes extends RoutingOptions {
  /** Whether the centers move. */
  readonly training: boolean;
}

const routingOp: Op<RoutingAttributes> = {
  name: "cluster_routing",
  outputs: ([x, centers]) => {
    const columns = columnsOf("cluster_routing", x);
    if (x.shape.length !== 2 || centers.shape.length !== 2 || centers.shape[1] !== columns) {
      throw new TypeError(
        `Cannot build cluster_routing: x and centers must have shapes [B, N] and [K, N], received ${
          formatShape(x.shape)
        } and ${formatShape(centers.shape)}`,
      );
    }
    return [{ shape: ["B"], dtype: "u32" }];
  },
  emit: (k, { inputs: [x, centers], outputs: [groups], attributes: { passes, rate, training } }) => {
    const [clusters, width] = centers.shape.map(Number);
    const { part, count: columns } = lanesOf(width);
    const blocks = Math.ceil(k.batch / BLOCK);
    const kernels = shader("cluster_routing", { grid, step, ...part, cluster_routing: source });
    const call = { shader: kernels, params: { batch: k.batch, columns, clusters, blocks, rate } };
    const byRow = { ...call, grid: Math.ceil(k.batch / 64) };
    if (training) {
      const [shares, partial] = [k.scratch([k.batch, clusters]), k.scratch([blocks, clusters, width])];
      const lanes = Math.ceil(blocks * clusters * columns / 64);
      for (let pass = 0; pass < passes; pass++) {
        k.run({ ...byRow, entry: "weigh", bind: { x, centers, shares } });
        k.run({ ...call, entry: "gather", bind: { x, weights: shares, partial }, grid: lanes });
        k.run({ ...call, entry: "advance", bind: { sums: partial, moved: centers }, grid: clusters });
      }
    }
    k.run({ ...byRow, entry: "assign", bind: { x, centers, groups } });
  },
};

/**
 * Assigns each row to the cluster whose center has the largest product with it: g[b] = argmax_k <x_b, c_k>.
 *
 * A training trace first moves the centers, `passes` times: c_k <- m / |m| with m = rate c_k + (1 - rate) sum_b s_bk x_b
 * and s_b = softmax_k <x_b, c_k> over the valid rows. Nothing of it is differentiated.
 *
 * @param x `[B, N]`
 * @param centers statistic `[K, N]`
 * @returns clusters `[B]`, u32
 * @throws {TypeError} when a shape differs
 */
export function routeToClusters(x: Tensor, centers: Tensor, { passes, rate }: RoutingOptions): Tensor {
  return apply(routingOp, [x, centers], { passes, rate, training: x.graph.mode === "train" });
}
