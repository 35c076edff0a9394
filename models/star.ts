/**
 * STAR: one network for many domains, whose parameters are shared ones bent by those of a row's domain.
 *
 * X.-R. Sheng, L. Zhao, G. Zhou, et al.: One Model to Serve All: Star Topology Adaptive Recommender for Multi-Domain CTR
 * Prediction. CIKM 2021, arXiv:2101.11427. Implements partitioned normalization of the embeddings, the star topology and
 * the auxiliary network. Inferred, since the paper does not say: the auxiliary network's embedding of the domain has a
 * table of its own; own parameters start as 1 and 0; rows of a domain that was never seen have the shared parameters
 * alone, and the statistics of all rows.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { add, batchNorm, concat, domainGroups, embedding, flatten, mlp, partitionNorm } from "../src/layers/mod.ts";
import { selectFields, starMlp } from "../src/layers/mod.ts";

/** Options of {@linkcode star}. */
export interface StarOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Widths of the hidden layers; every domain has weights of all of them. @default {[400, 400, 400]} */
  hidden?: readonly number[];
  /** Categorical feature that says in which domain a row is; all rows share one network without it. */
  domain?: string;
  /** Widths of the auxiliary network's hidden layers. @default {[64]} */
  auxiliary?: readonly number[];
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
}

/** Defines STAR: logit = MLP_d(norm_d(e)) + MLP(domain, e) with weights W * W_d and biases b + b_d in domain d. */
export const star: DefinitionFactory<StarOptions> = defineModel("star", (x, options: StarOptions) => {
  const { dim = 16, hidden = [400, 400, 400], domain, auxiliary = [64], dropout } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  if (domain === undefined) return mlp(batchNorm(e), [...hidden, 1], { dropout }); // logits [B, 1]
  const groups = domainGroups(x, domain);
  const main = starMlp(partitionNorm(e, groups), [...hidden, 1], groups, { dropout, sharedOnly: true });
  const indicator = flatten(embedding(selectFields(x, [domain]), dim, { name: "domain" })); // [B, D]
  return add(main, mlp(concat(indicator, e), [...auxiliary, 1], { name: "auxiliary", dropout })); // logits [B, 1]
});
