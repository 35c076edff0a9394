/**
 * What becomes of the cells of a row before its columns take them.
 *
 * @module
 */
import { presenceForm } from "./absence.ts";
import { isPresence } from "./field_features.ts";
import { MissingTexts } from "./missing_texts.ts";
import type { Feature } from "./schema.ts";
import { type CellForm, createCellForm, type TextRules } from "./text_rules.ts";

/**
 * Returns a function for each field that brings its cells into the form that its column takes.
 *
 * @param rules how the texts of each field are treated
 * @param missing texts that stand for a missing value
 */
export function createCellForms(
  features: readonly Feature[],
  rules: readonly TextRules[],
  missing: readonly string[],
): CellForm[] {
  const absent = new MissingTexts(missing);
  return features.map((feature, f) => {
    const form = createCellForm(rules[f], missing);
    return isPresence(feature) ? presenceForm(form, absent) : form;
  });
}
