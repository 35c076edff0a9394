/**
 * Logistic regression for click-through rates.
 *
 * M. Richardson, E. Dominowska, R. Ragno: Predicting Clicks: Estimating the Click-Through Rate for New Ads. WWW 2007.
 * Implements equation 1; one weight per value of each field.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { linear } from "../src/layers/mod.ts";

/** Logistic regression has no options. */
export type LrOptions = Record<never, never>;

/** Defines logistic regression: logit = b + sum_f w_f. */
export const lr: DefinitionFactory<LrOptions> = defineModel("lr", (x, _: LrOptions) => linear(x)); // logits [B, 1]
