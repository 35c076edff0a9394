/**
 * Translations of all ops.
 *
 * @module
 */
import type { EncodedColumns } from "../columns.ts";
import type { Translations } from "../translation.ts";
import { attentionOps } from "./attention.ts";
import { dense } from "./dense.ts";
import { embedding } from "./embedding.ts";
import { fields } from "./fields.ts";
import { interaction } from "./interaction.ts";
import { normalization } from "./normalization.ts";
import { recurrent } from "./recurrent.ts";
import { sequence } from "./sequence.ts";
import { shape } from "./shape.ts";

/** Returns translations by the names of ops, for columns that are encoded in the graph. */
export function translationsOf(columns: EncodedColumns): Translations {
  const families = [embedding(columns), shape, dense, normalization, interaction, fields, sequence];
  return Object.assign({}, ...families, attentionOps, recurrent);
}

/** Names of the ops that have a translation. */
export function translatedOps(): ReadonlySet<string> {
  return new Set(Object.keys(translationsOf({ ids: "", history: () => ({ ids: "", lengths: "" }) })));
}
