/**
 * AITM: each task of a funnel hands on to the next what it knows.
 *
 * D. Xi, Z. Chen, P. Yan, Y. Zhang, Y. Zhu, F. Zhuang, Y. Chen: Modeling the Sequential Dependence among Audience
 * Multi-step Conversions with Multi-task Learning in Targeted Display Advertising. KDD 2021, arXiv:2105.08489. Implements
 * equations 1 to 8; the penalty is a mean over the batch, not a sum.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { columnsByTask, concat, embedding, flatten, mlps, orderPenalty, towers, transfer } from "../src/layers/mod.ts";
import type { SharedBottomOptions } from "./shared_bottom.ts";

/** Options of {@linkcode aitm}. */
export interface AitmOptions extends SharedBottomOptions {
  /** Widths of each task's network below the transfer. @default {[128, 64, 32]} */
  hidden?: readonly number[];
  /** Widths of a tower's hidden layers above it. @default {[]} */
  tower?: readonly number[];
  /** Weight of the penalty of a task that is likelier than the one before it. @default {0.6} */
  penalty?: number;
}

/**
 * Defines AITM: logit_k = tower_k(z_k) with z_1 = t_1, z_k = transfer(t_k, z_{k-1}) and t_k = MLP_k(e). Labels are in the
 * order of the funnel.
 */
export const aitm: DefinitionFactory<AitmOptions> = defineModel("aitm", (x, options: AitmOptions) => {
  const { dim = 16, hidden = [128, 64, 32], tower = [], dropout = 0, batchNorm = false, penalty = 0.6 } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const bottoms = mlps(e, x.tasks.length, hidden, { name: "bottom", dropout, batchNorm, hiddenOnly: true }); // [B, T N]
  const t = columnsByTask(bottoms, x.tasks); // [B, N] by task
  const z = [t[x.tasks[0]]];
  for (const task of x.tasks.slice(1)) z.push(transfer(t[task], z[z.length - 1])); // [B, N]
  const logits = towers(concat(...z), x.tasks, tower, { apart: true, dropout, batchNorm });
  x.tasks.forEach((task, k) => {
    if (k > 0 && penalty > 0) logits[task] = orderPenalty(logits[task], logits[x.tasks[k - 1]], penalty);
  });
  return logits; // [B, 1] by task
});
