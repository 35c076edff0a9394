/**
 * Layers whose parameters depend on the domain or the cluster that a row belongs to.
 *
 * @module
 */
import { normal, ones, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { routeToClusters } from "../ops/dense/cluster_routing.ts";
import { groupDense } from "../ops/dense/group_dense.ts";
import { columnsOf } from "../ops/dense/matmul_layout.ts";
import { partitionNorm as normalize } from "../ops/dense/partition_norm.ts";
import { type RowGroups, rowGroups } from "../ops/dense/row_groups.ts";
import { starParameters } from "../ops/dense/star_parameters.ts";
import { type Input, selectFields } from "./input.ts";
import { activation, dropout } from "./mlp.ts";

export type { RowGroups };

/**
 * Groups the rows of a batch by the value of a feature; group 0 are those whose value was never seen.
 *
 * @param x the batch's occurrences
 * @param domain name of a categorical or bucketed feature
 * @throws {RangeError} when the feature is not one of the input's, or is numeric
 */
export function domainGroups(x: Input, domain: string): RowGroups {
  const { ids, fields: [{ rows, kind }] } = selectFields(x, [domain]);
  if (kind === "numeric") {
    throw new RangeError(`Cannot group rows by domain: the field must be categorical, received "${domain}"`);
  }
  return rowGroups(ids, rows);
}

/** Options of {@linkcode clusterGroups}. */
export interface ClusterOptions {
  /** Number K of clusters. */
  clusters: number;
  /** Name of the layer. @default {"clusters"} */
  name?: string;
  /** Times that a training step moves the centers. @default {3} */
  passes?: number;
  /** Share of a center that stays in a move. @default {0.9} */
  rate?: number;
}

/**
 * Groups the rows of a batch by the center of the largest product with them: g[b] = argmax_k <x_b, c_k>.
 *
 * Centers are no parameters. Each training step first moves them, `passes` times: c_k becomes the direction of
 * rate c_k + (1 - rate) sum_b s_bk x_b with s_b = softmax_k <x_b, c_k>. At first they are drawn, of about unit length.
 * J. Li et al.: AdaptDHM. arXiv:2211.12105.
 *
 * @param x `[B, N]`, which gets no gradient from it
 * @throws {RangeError} when there is no cluster, or `rate` is outside [0, 1]
 */
export function clusterGroups(x: Tensor, options: ClusterOptions): RowGroups {
  const { clusters, passes = 3, rate = 0.9 } = options;
  if (!(rate >= 0 && rate <= 1)) {
    throw new RangeError(`Cannot build clusters: rate must be in [0, 1], received ${rate}`);
  }
  const name = x.graph.uniqueName(options.name ?? "clusters");
  const columns = columnsOf("cluster_groups", x);
  const centers = x.graph.statistic(`${name}.centers`, [clusters, columns], normal(1 / Math.sqrt(columns)));
  return rowGroups(routeToClusters(x, centers, { passes, rate }), clusters);
}

/** Options of {@linkcode starMlp}. */
export interface StarMlpOptions {
  /** Name of the layers' prefix. @default {"star"} */
  name?: string;
  /** Whether group 0 has the shared parameters alone, and no own ones. @default {false} */
  sharedOnly?: boolean;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
}

/**
 * Normalizes each column among the rows of a group: y = gain gain_g (x - mean_g) / sqrt(variance_g + 1e-5) + bias + bias_g.
 *
 * The batch's statistics in training, running ones (momentum 0.1) of each group in prediction. Group 0 has the shared gain
 * and bias alone, and always the running statistics, which are those of the rows of all groups. Sheng et al., CIKM 2021.
 *
 * @param x `[B, N]`
 * @param groups groups of the rows, of which the first is group 0
 * @returns `[B, N]`
 */
export function partitionNorm(x: Tensor, groups: RowGroups, { name = "norm" }: { name?: string } = {}): Tensor {
  const { graph } = x;
  const prefix = graph.uniqueName(name);
  const columns = columnsOf("partition_norm", x);
  const [shared, own] = [[columns], [groups.count - 1, columns]];
  const parameters = starParameters(
    {
      weight: graph.parameter(`${prefix}.shared.weight`, shared, ones()),
      bias: graph.parameter(`${prefix}.shared.bias`, shared, zeros()),
    },
    {
      weight: graph.parameter(`${prefix}.own.weight`, own, ones()),
      bias: graph.parameter(`${prefix}.own.bias`, own, zeros()),
    },
    true,
  );
  const all = [groups.count, columns];
  const mean = graph.statistic(`${prefix}.mean`, all, zeros());
  const variance = graph.statistic(`${prefix}.variance`, all, ones());
  return normalize(x, parameters, { mean, variance }, groups);
}

/**
 * Stacks dense layers whose parameters are shared ones bent by those of the row's group: W = W_shared * W_g by element,
 * b = b_shared + b_g. Own weights start at 1 and own biases at 0; each layer but the last is followed by relu and dropout.
 *
 * A row costs as much as in one network: products are by group, over rows sorted by group. Sheng et al., CIKM 2021.
 *
 * @param x `[B, K]`
 * @param units widths of the layers, the last one's included
 * @returns `[B, N]` with N the last width
 */
export function starMlp(x: Tensor, units: readonly number[], groups: RowGroups, options: StarMlpOptions = {}): Tensor {
  const prefix = x.graph.uniqueName(options.name ?? "star");
  return units.reduce((h, width, i) => {
    const z = starDense(h, width, groups, prefix, i, options.sharedOnly ?? false);
    return i === units.length - 1 ? z : dropout(activation(z, "relu"), options.dropout ?? 0);
  }, x);
}

function starDense(
  x: Tensor,
  units: number,
  groups: RowGroups,
  prefix: string,
  layer: number,
  alone: boolean,
): Tensor {
  const { graph } = x;
  const size = [columnsOf("star_dense", x), units];
  const count = groups.count - Number(alone);
  const { weight, bias } = starParameters(
    {
      weight: graph.parameter(`${prefix}.shared.${layer}.weight`, size, xavierNormal()),
      bias: graph.parameter(`${prefix}.shared.${layer}.bias`, [units], zeros()),
    },
    {
      weight: graph.parameter(`${prefix}.own.${layer}.weight`, [count, ...size], ones()),
      bias: graph.parameter(`${prefix}.own.${layer}.bias`, [count, units], zeros()),
    },
    alone,
  );
  return groupDense(x, weight, bias, groups);
}
