/**
 * MMoE: experts that each task mixes by a gate of its own.
 *
 * J. Ma, Z. Zhao, X. Yi, J. Chen, L. Hong, E. H. Chi: Modeling Task Relationships in Multi-task Learning with Multi-gate
 * Mixture-of-Experts. KDD 2018. Implements equations 6 and 7; gates are linear as in the paper unless `gate` has widths.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, expertGates, flatten, mixExperts, mlps, towers } from "../src/layers/mod.ts";
import type { SharedBottomOptions } from "./shared_bottom.ts";

/** Options of {@linkcode mmoe}. */
export interface MmoeOptions extends Omit<SharedBottomOptions, "hidden"> {
  /** Number of experts. @default {8} */
  experts?: number;
  /** Widths of an expert's layers. @default {[256, 128]} */
  hidden?: readonly number[];
  /** Widths of a gate's hidden layers. @default {[]} */
  gate?: readonly number[];
}

/** Defines MMoE: logit_k = tower_k(sum_j g_k[j] x_j) with experts x_j = MLP_j(e) and g_k = softmax(MLP_k(e)). */
export const mmoe: DefinitionFactory<MmoeOptions> = defineModel("mmoe", (x, options: MmoeOptions) => {
  const { dim = 16, experts: count = 8, hidden = [256, 128], gate, tower = [64] } = options;
  const settings = { dropout: options.dropout, batchNorm: options.batchNorm };
  const e = flatten(embedding(x, dim)); // [B, F D]
  const experts = mlps(e, count, hidden, { name: "expert", hiddenOnly: true, ...settings }); // [B, E H]
  const gates = expertGates(e, x.tasks.length, count, { hidden: gate, ...settings }); // [B, T, E]
  const mixed = mixExperts(gates, experts, count); // [B, T H]
  return towers(mixed, x.tasks, tower, { apart: true, ...settings }); // logits [B, 1] by task
});
