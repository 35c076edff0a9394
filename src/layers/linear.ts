/**
 * The first-order term: one weight per row, summed over fields.
 *
 * @module
 */
import { type Initializer, normal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addBias } from "../ops/dense/bias.ts";
import { linearSum } from "../ops/embedding/linear_sum.ts";
import { add } from "../ops/dense/add.ts";
import { type Input, pooledOf } from "./input.ts";

/** Options of {@linkcode linear}. */
export interface LinearOptions {
  /** Name of the table and its bias. @default {"linear"} */
  name?: string;
  /** Whether a bias is added. @default {true} */
  bias?: boolean;
  /** First weights. @default {normal(1e-4)} */
  initializer?: Initializer;
}

/**
 * Computes the first-order term: y[b] = bias + sum_f v[f, b] w[ids[f, b]]. Of a sequence with a combiner, the weights of
 * all values are added.
 *
 * @param x the batch's occurrences
 * @returns `[B, 1]`
 */
export function linear(x: Input, options: LinearOptions = {}): Tensor {
  const name = x.graph.uniqueName(options.name ?? "linear");
  const table = x.graph.table(name, x.rowCount, 1, options.initializer ?? normal(1e-4), x.spans);
  const lookups = [x, ...pooledOf(x)];
  const sum = add(...lookups.map(({ ids, values }) => linearSum(ids, values, table)));
  return options.bias === false ? sum : addBias(sum, x.graph.parameter(`${name}.bias`, [1], zeros()));
}
