/**
 * PLE: progressive layers of experts that tasks share, and of experts that they do not.
 *
 * H. Tang, J. Liu, M. Zhao, X. Gong: Progressive Layered Extraction (PLE): A Novel Multi-Task Learning (MTL) Model for
 * Personalized Recommendations. RecSys 2020. Implements equations 1 to 6; one layer is their CGC. The shared stream mixes
 * all experts as in the paper, or the shared ones alone as FuxiCTR's does (`mixes`).
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { embedding, extraction, type ExtractionStreams, flatten, towers } from "../src/layers/mod.ts";
import type { MmoeOptions } from "./mmoe.ts";

/** Options of {@linkcode ple}. */
export interface PleOptions extends MmoeOptions {
  /** Number of extraction layers. @default {1} */
  layers?: number;
  /** Experts that each task has alone; `experts` counts those that all have. @default {1} */
  own?: number;
  /** Which experts the shared stream mixes. @default {"all"} */
  mixes?: "all" | "shared";
}

/** Defines PLE: logit_k = tower_k(z_k), where each layer mixes z_k from own experts MLP(z_k) and shared ones MLP(z). */
export const ple: DefinitionFactory<PleOptions> = defineModel("ple", (x, options: PleOptions) => {
  const { dim = 16, hidden = [256, 128], tower = [64], layers = 1, dropout, batchNorm } = options;
  const { experts, own, gate, mixes } = options;
  let streams: ExtractionStreams = { count: x.tasks.length, tasks: flatten(embedding(x, dim)) }; // [B, F D]
  for (let l = 0; l < layers; l++) {
    const last = l === layers - 1;
    const name = `extraction.${l}`;
    streams = extraction(streams, { name, hidden, experts, own, gate, mixes, dropout, batchNorm, last }); // [B, T H]
  }
  return towers(streams.tasks, x.tasks, tower, { apart: true, dropout, batchNorm }); // logits [B, 1] by task
});
