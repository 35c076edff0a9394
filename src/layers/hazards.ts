/**
 * Hazards of intervals: the probability that something ends in one, for what lasted until then.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import type { Input } from "./input.ts";
import { dense } from "./mlp.ts";

/** Options of {@linkcode hazards}. */
export interface HazardsOptions {
  /** Name of the layers; each has its head's name behind it. @default {"hazards"} */
  name?: string;
}

/**
 * Gives each head the logits of its intervals' hazards by a dense layer: z = h W + b. A label that is no time is a head of
 * one interval.
 *
 * M. Gensheimer, B. Narasimhan: A scalable discrete-time survival model for neural networks. PeerJ 7, 2019.
 *
 * @param x the batch's occurrences
 * @param h `[B, N]`
 * @returns `[B, K]` by head
 */
export function hazards(x: Input, h: Tensor, options: HazardsOptions = {}): Record<string, Tensor> {
  const { name: prefix = "hazards" } = options;
  const heads = x.heads ?? x.tasks.map((name) => ({ name, intervals: 1 }));
  return Object.fromEntries(
    heads.map(({ name, intervals }) => [name, dense(h, intervals, { name: `${prefix}.${name}` })]),
  );
}
