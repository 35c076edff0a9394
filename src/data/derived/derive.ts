/**
 * The texts of features that are made of columns.
 *
 * Readers hand over the raw texts of these columns, as they stand, in a list. They are made one text here, where it is known
 * which texts mean missing and whether blanks are removed. From there on, the feature is a column like others.
 *
 * @module
 */
import type { RowFault } from "../rejections.ts";
import type { Feature } from "../schema.ts";
import type { SequenceCell } from "../sequence_column.ts";
import type { CellForm } from "../text_rules.ts";
import { joinTexts } from "./cross.ts";
import { createDateReader, describeNoDate } from "./date_format.ts";
import { createPartReader } from "./date_parts.ts";
import { type DateOf, derivationOf } from "./derivation.ts";

/** Raw texts of the columns that a feature is made of; none for a missing value. */
export type RawTexts = readonly (string | undefined)[];

/** A cell of a feature: its text, its list, or the texts that it is to be made of. */
export type FieldCell = SequenceCell | RawTexts;

/** How the texts of a feature are treated before one is made of them. */
export interface TextTreatment {
  /** Brings a text into its form. */
  readonly form: CellForm;
  /** Texts that stand for a missing value. */
  readonly missing: ReadonlySet<string>;
}

/** Returns the forms of the cells that columns are offered: a text that was made is in its form. */
export function formsOfCells(features: readonly Feature[], forms: readonly CellForm[]): CellForm[] {
  return forms.map((form, f) => derivationOf(features[f]) === undefined ? form : (text) => text);
}

/** Makes one text of several; none for a missing value; or says what is wrong with them. */
export type Derive = (texts: RawTexts) => string | undefined | RowFault;

type DerivePresent = (texts: readonly string[]) => string | RowFault;

/** A derived text never means missing, whatever a column's texts mean. */
const NO_TEXTS: ReadonlySet<string> = new Set();

/** Returns how the texts of a feature are made; nothing for one that is the text of its column. */
export function deriverOf(feature: Feature, treatment: TextTreatment): Derive | undefined {
  const from = derivationOf(feature);
  if (from === undefined) return undefined;
  return ofPresent("date" in from ? dateDeriver(from) : joinTexts, treatment);
}

function dateDeriver({ part, format, timeZone }: DateOf): DerivePresent {
  const read = createDateReader(part, format);
  const nameOf = createPartReader(part, timeZone);
  return ([text]) => {
    const instant = read(text);
    return Number.isNaN(instant) ? { reason: describeNoDate(format, text) } : nameOf(instant);
  };
}

/** Returns the texts of a feature that stand for a missing value, once the texts are made. */
export function missingTextsOf(feature: Feature, missing: ReadonlySet<string>): ReadonlySet<string> {
  return derivationOf(feature) === undefined ? missing : NO_TEXTS;
}

/** Leaves a value missing where one of its texts is. */
function ofPresent(derive: DerivePresent, { form, missing }: TextTreatment): Derive {
  return (texts) => {
    const present: string[] = new Array(texts.length);
    for (let i = 0; i < texts.length; i++) {
      const text = form(texts[i]);
      if (text === undefined || missing.has(text)) return undefined;
      present[i] = text;
    }
    return derive(present);
  };
}

/**
 * Makes a function that makes the texts of a row's derived features. A text that stands where a list is to be made one is
 * taken as it is: it was made before.
 *
 * @param forms how the texts of each feature are treated
 * @returns nothing where no feature is derived, so that such rows cost nothing
 */
export function rowDeriver(
  features: readonly Feature[],
  forms: readonly CellForm[],
  missing: ReadonlySet<string>,
): ((cells: readonly FieldCell[]) => readonly SequenceCell[] | RowFault) | undefined {
  const derived = features.flatMap((feature, index) => {
    const derive = deriverOf(feature, { form: forms[index], missing });
    return derive === undefined ? [] : [{ index, derive, name: feature.name }];
  });
  if (derived.length === 0) return undefined;
  return (cells) => {
    const texts = [...cells] as SequenceCell[];
    for (const { index, derive, name } of derived) {
      const raw = cells[index];
      if (typeof raw !== "object") continue;
      const text = derive(raw);
      if (typeof text === "object") return { ...text, reason: `field "${name}": ${text.reason}` };
      texts[index] = text;
    }
    return texts;
  };
}
