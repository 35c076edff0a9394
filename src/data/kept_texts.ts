/**
 * Fields that keep the texts of columns, so that rows can be encoded again with another schema.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";
import { nameKeptNames, nameKeptText } from "./kept_names.ts";
import { derivationOf } from "./derived/derivation.ts";
import { pastOf } from "./derived/past_fit.ts";
import { categorical, type CategoricalFeature, type Feature, type Schema } from "./schema.ts";
import type { SequenceCell } from "./sequence_column.ts";
import { parseTextRules, type TextRules } from "./text_rules.ts";

/** Texts of cells that were lists; no file has such a text. */
const LIST = "\0list ";

/**
 * Declares, beside each feature, a category for each text of its column: rows read so can be encoded again.
 *
 * @param group column whose texts are kept too, to divide rows by; it need not be one of the schema's
 */
export function keepTexts(schema: Schema, group?: string): Schema {
  const groups = group === undefined || schema.features.some(({ name }) => name === group) ? [] : [keepNames(group)];
  const texts = schema.features.map(keepText);
  // The texts of sequences suffice: only fields can decide on a split.
  const fields = schema.features.filter((feature) => feature.kind !== "sequence" && pastOf(feature) === undefined);
  return { ...schema, features: [...fields, ...groups, ...texts] };
}

function keepText(feature: Feature): CategoricalFeature {
  const name = nameKeptText(feature.name);
  const from = derivationOf(feature);
  if (from === undefined) return categorical(name, { column: feature.column });
  // Of the past, the values are kept; the numbers are made afresh of the rows that a schema is fitted to.
  return categorical(name, {
    from: "past" in from ? { cross: from.of } : from,
    ...parseTextRules(`feature "${feature.name}"`, feature as TextRules),
  });
}

/** Declares a field that keeps the texts of a column of names. */
export function keepNames(column: string): CategoricalFeature {
  return categorical(nameKeptNames(column), { column });
}

/** Returns functions from the number of a row to the text that one of the last `count` fields keeps. */
export function keptTexts({ schema, ids, rows }: Dataset, count: number): ((row: number) => string | undefined)[] {
  return schema.fields.map((field, f) => {
    // Nothing is out of vocabulary where texts are kept, so that row 0 does not occur.
    const absent = field.missing ? [undefined, undefined] : [undefined];
    const texts = [...absent, ...field.vocabulary ?? []];
    return (row: number) => texts[ids[f * rows + row] - field.offset];
  }).slice(-count);
}

/** Returns the text that keeps a list. */
export function packList(list: readonly string[]): string {
  return LIST + JSON.stringify(list);
}

/** Returns the cell that a text keeps. */
export function unpackCell(text: string | undefined): SequenceCell {
  return text?.startsWith(LIST) ? JSON.parse(text.slice(LIST.length)) : text;
}
