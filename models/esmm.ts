/**
 * ESMM: conversions over all impressions.
 *
 * X. Ma, L. Zhao, G. Huang, Z. Wang, Z. Hu, X. Zhu, K. Gai: Entire Space Multi-Task Model: An Effective Approach for
 * Estimating Post-Click Conversion Rate. SIGIR 2018, arXiv:1804.07931. Implements equations 2 to 5.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { activation, embedding, flatten, productLogit, towers } from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of {@linkcode esmm}. */
export interface EsmmOptions extends DnnOptions {
  /** Whether the towers' last layers have a bias. @default {true} */
  lastBias?: boolean;
}

/**
 * Defines ESMM: p(click) = sigmoid(MLP_1(e)) and p(click and conversion) = p(click) sigmoid(MLP_2(e)), over tables that the
 * towers share; likewise for further tasks of a funnel.
 *
 * Labels are in the order of the funnel, and known for all impressions: a conversion is 0 where there was no click. The
 * rate of each task among the rows of the one before, such as conversions among clicks, is exposed as `rate.<task>`.
 */
export const esmm: DefinitionFactory<EsmmOptions> = defineModel("esmm", (x, options: EsmmOptions) => {
  const { dim = 16, hidden = [400, 400, 400], dropout = 0, batchNorm = false, lastBias } = options;
  const e = flatten(embedding(x, dim)); // [B, F D]
  const rates = towers(e, x.tasks, hidden, { dropout, batchNorm, lastBias }); // [B, 1] by task
  const [first, ...others] = x.tasks;
  const logits = { [first]: rates[first] };
  let before = rates[first];
  for (const task of others) {
    x.graph.expose(`rate.${task}`, activation(rates[task], "sigmoid"));
    logits[task] = before = productLogit(before, rates[task]);
  }
  return logits; // [B, 1] by task
});
