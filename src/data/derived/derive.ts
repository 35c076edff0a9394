/**
 * The texts of features that are made of columns.
 *
 * Readers hand over the raw texts of these columns, as they stand, in a list. They are made one text here, where it is known
 * which texts mean missing and whether blanks are removed. From there on, the feature is a column like others. Where a
 * number of a cross is cut into buckets, its own text stands in their place until the column takes it: edges between them
 * are known when all rows are there.
 *
 * @module
 */
import { formatText } from "../format.ts";
import type { RowFault } from "../rejections.ts";
import { parseNumber } from "../scaling.ts";
import type { Feature } from "../schema.ts";
import type { SequenceCell } from "../sequence_column.ts";
import { type CellForm, createCellForm } from "../text_rules.ts";
import { joinTexts } from "./cross.ts";
import { createDateReader, describeNoDate } from "./date_format.ts";
import { createPartReader } from "./date_parts.ts";
import { type CrossOf, type CrossPart, type DateOf, derivationOf, sourcesOf } from "./derivation.ts";

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

/** Makes the text of a part of raw texts, of which its own begin at a position. */
type MakePart = (texts: RawTexts, at: number) => ReturnType<Derive>;

/** A derived text never means missing, whatever a column's texts mean. */
const NO_TEXTS: ReadonlySet<string> = new Set();

/** Returns how the texts of a feature are made; nothing for one that is the text of its column. */
export function deriverOf(feature: Feature, treatment: TextTreatment): Derive | undefined {
  const from = derivationOf(feature);
  if (from === undefined) return undefined;
  if ("date" in from) return presentMaker(treatment, dateNamer(from));
  const make = crossMaker("past" in from ? { cross: from.of } : from, treatment);
  return (texts) => make(texts, 0);
}

/**
 * Returns how the texts of features are made; nothing for those that are texts of their columns.
 *
 * @param forms how the texts of each feature are treated
 */
export function deriversOf(
  features: readonly Feature[],
  forms: readonly CellForm[],
  missing: ReadonlySet<string>,
): (Derive | undefined)[] {
  return features.map((feature, f) => deriverOf(feature, { form: forms[f], missing }));
}

/** Joins texts; the text is missing where one of them is, unless another is wrong. */
function crossMaker({ cross }: CrossOf, treatment: TextTreatment): MakePart {
  let next = 0;
  const parts = cross.map((part) => {
    const at = next;
    next += sourcesOf({ cross: [part] }).length;
    return { at, make: partMaker(part, treatment) };
  });
  return (texts, at) => {
    const made: string[] = new Array(parts.length);
    let isMissing = false;
    for (let i = 0; i < parts.length; i++) {
      const text = parts[i].make(texts, at + parts[i].at);
      if (typeof text === "object") return text;
      if (text === undefined) isMissing = true;
      else made[i] = text;
    }
    return isMissing ? undefined : joinTexts(made);
  };
}

function partMaker(part: CrossPart, { form, missing }: TextTreatment): MakePart {
  if (typeof part === "object" && "cross" in part) return crossMaker(part, { form, missing });
  const isName = typeof part === "string" || !("date" in part || "bucket" in part);
  if (isName) return presentMaker({ form, missing }, (text) => text);
  // Letters of dates are no spelling, and numbers have none.
  const bare = { form: createCellForm({ trim: true }, missing), missing };
  return presentMaker(bare, "date" in part ? dateNamer(part) : requireNumber);
}

function dateNamer({ part, format, timeZone }: DateOf): (text: string) => string | RowFault {
  const read = createDateReader(part, format);
  const nameOf = createPartReader(part, timeZone);
  return (text) => {
    const instant = read(text);
    return Number.isNaN(instant) ? { reason: describeNoDate(format, text) } : nameOf(instant);
  };
}

function requireNumber(text: string): string | RowFault {
  return Number.isNaN(parseNumber(text)) ? { reason: `expected a finite number, received ${formatText(text)}` } : text;
}

/** Returns the texts of a feature that stand for a missing value, once the texts are made. */
export function missingTextsOf(feature: Feature, missing: ReadonlySet<string>): ReadonlySet<string> {
  return derivationOf(feature) === undefined ? missing : NO_TEXTS;
}

/** Makes something of one text, unless it is missing. */
function presentMaker(
  { form, missing }: TextTreatment,
  make: (text: string) => string | RowFault,
): (texts: RawTexts, at?: number) => ReturnType<Derive> {
  return (texts, at = 0) => {
    const text = form(texts[at]);
    return text === undefined || missing.has(text) ? undefined : make(text);
  };
}

/**
 * Makes a function that makes the texts of a row's derived features. A text that stands where a list is to be made one is
 * taken as it is: it was made before.
 *
 * @param derivers how the text of each feature is made
 * @returns nothing where no feature is derived, so that such rows cost nothing
 */
export function rowDeriver(
  features: readonly Feature[],
  derivers: readonly (Derive | undefined)[],
): ((cells: readonly FieldCell[]) => readonly SequenceCell[] | RowFault) | undefined {
  const derived = features.flatMap(({ name }, index) => {
    const derive = derivers[index];
    return derive === undefined ? [] : [{ index, derive, name }];
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
