/**
 * M2M: several tasks in several scenarios, each of which makes the weights of attention to experts and of towers.
 *
 * Q. Zhang, Liao, Q. Liu, J. Xu and Zheng: Leaving No One Behind: A Multi-Scenario Multi-Task Meta Learning Approach for
 * Advertiser Modeling. WSDM 2022, arXiv:2201.06814. Implements the meta unit, meta attention and the meta tower.
 *
 * Logits are of clicks and the like, as the other models' are, not of the paper's amounts. Without the paper's transformer
 * over what an advertiser did. The part of a task in meta attention, its vector times weights that are linear in the
 * scenario, is one layer for each task; LeakyReLU has slope 0.01.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  add,
  columnsByTask,
  concat,
  dense,
  denses,
  embedding,
  fieldColumns,
  flatten,
  metaDense,
  mixExperts,
  mlp,
  mlps,
  repeat,
  reshape,
  softmax,
  split,
} from "../src/layers/mod.ts";

/** Options of M2M. */
export interface M2mOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Features that say in which scenario a row is; all features do without any. @default {[]} */
  domain?: readonly string[];
  /** Number of experts. @default {4} */
  experts?: number;
  /** Widths of an expert's hidden layers. @default {[128]} */
  hidden?: readonly number[];
  /** Width H of an expert's output, of the scenario's vector and of a tower. @default {16} */
  units?: number;
  /** Layers of a tower. @default {2} */
  layers?: number;
  /** Probability of zeroing an expert's unit in training. @default {0} */
  dropout?: number;
  /** Whether an expert's units are batch-normalized before their activation. @default {false} */
  batchNorm?: boolean;
}

/**
 * Defines M2M: logit_k = w_k h_L + b_k with h_l = LeakyReLU(W_l(s) h_{l-1} + b_l(s) + h_{l-1}), h_0 = sum_j a_kj x_j over
 * experts x_j = MLP_j(e), and a_k the softmax over j of v LeakyReLU(W(s) [x_j, t_k] + b(s)) for the scenario's vector s.
 */
export const m2m: DefinitionFactory<M2mOptions> = defineModel("m2m", (x, options: M2mOptions) => {
  const { dim = 16, domain = [], experts: count = 4, hidden = [128], units = 16, layers = 2 } = options;
  const { dropout, batchNorm } = options;
  const tasks = x.tasks.length;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const leaky = { activation: "leaky_relu", hiddenOnly: true } as const;
  const scenario = mlp(domain.length > 0 ? fieldColumns(x, e, domain) : e, [units], { name: "scenario", ...leaky }); // [B, H]
  const experts = mlps(e, count, [...hidden, units], { name: "expert", dropout, batchNorm, ...leaky }); // [B, E H]
  const byExpert = reshape(experts, ["B", count, units]);
  const ofExperts = metaDense(byExpert, scenario, 2 * units, { name: "attention", bias: false }); // [B, E, 2 H]
  const ofTasks = split(denses(scenario, tasks, 2 * units, { name: "task" }), Array(tasks).fill(2 * units)); // [B, 2 H]
  const seen = add(
    concat(...Array(tasks).fill(flatten(ofExperts))),
    concat(...ofTasks.map((task) => flatten(repeat(task, count)))),
  ); // [B, T E 2 H]
  const bent = activation(reshape(seen, ["B", tasks * count, 2 * units]), "leaky_relu");
  const scores = dense(bent, 1, { name: "score", bias: false }); // [B, T E, 1]
  const gates = softmax(reshape(scores, ["B", tasks, count])); // [B, T, E]
  let h = reshape(mixExperts(gates, experts, count), ["B", tasks, units]);
  for (let layer = 0; layer < layers; layer++) {
    h = activation(add(metaDense(h, scenario, units, { name: "tower" }), h), "leaky_relu"); // [B, T, H]
  }
  return columnsByTask(denses(flatten(h), tasks, 1, { name: "top", apart: true }), x.tasks); // logits [B, 1] by task
});
