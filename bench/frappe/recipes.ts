/**
 * Which models are trained on Frappe, with which settings, and what the public benchmark published for them.
 *
 * Settings, metrics of the single run and of five seeds are those of BARS's Frappe_x1; its training file has other
 * negatives than the one used here.
 *
 * @module
 */
import type { Recipe } from "./recipe.ts";
import { FACTORIZATION } from "./recipes/factorization.ts";
import { INTERACTION } from "./recipes/interaction.ts";

/** Recipes by name, in the order in which they are trained and printed. */
export const RECIPES: Readonly<Record<string, Recipe>> = { ...FACTORIZATION, ...INTERACTION };
