/**
 * Bringing texts into one form, so that different spellings of a value share a row.
 *
 * @module
 */
import { formatValue } from "./format.ts";
import { isKept, mayKeepQuantities } from "./kept_names.ts";
import { MissingTexts } from "./missing_texts.ts";

/**
 * How the texts of cells are changed before anything else is done with them, in this order: Unicode form, blanks, case.
 * Texts that mean missing are changed alike. What a feature leaves open is as the schema says.
 */
export interface TextRules {
  /** Whether blanks around texts are removed, those around numbers as well. @default {false} */
  readonly trim?: boolean;
  /** Whether capital letters become small ones. @default {false} */
  readonly lowerCase?: boolean;
  /**
   * Normal form of Unicode: `NFC` joins letters with their accents, `NFKC` also turns full-width and other styled
   * characters into plain ones; `none` leaves texts as they are. @default {"none"}
   */
  readonly unicode?: "none" | "NFC" | "NFKC";
}

/** Keys of {@linkcode TextRules}. */
export const TEXT_RULES = ["trim", "lowerCase", "unicode"] as const;

/** Brings a cell into the form that its column takes; undefined stands for a missing value. */
export type CellForm = (text: string | undefined) => string | undefined;

/**
 * Returns the rules among the options of a schema or feature, without those that are absent.
 *
 * @throws {TypeError} when a switch is neither true nor false
 * @throws {RangeError} when the Unicode form is not one of the three
 */
export function parseTextRules(owner: string, options: Readonly<Record<string, unknown>> | TextRules): TextRules {
  const { trim, lowerCase, unicode } = options as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries({ trim, lowerCase })) {
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(`Cannot read schema: ${key} of ${owner} must be true or false, received ${formatValue(value)}`);
  }
  if (unicode !== undefined && !["none", "NFC", "NFKC"].includes(unicode as string)) {
    throw new RangeError(
      `Cannot read schema: unicode of ${owner} must be none, NFC or NFKC, received ${formatValue(unicode)}`,
    );
  }
  return {
    ...(trim === undefined ? {} : { trim: trim as boolean }),
    ...(lowerCase === undefined ? {} : { lowerCase: lowerCase as boolean }),
    ...(unicode === undefined ? {} : { unicode: unicode as TextRules["unicode"] }),
  };
}

/** A feature as far as its texts go. */
interface TextFeature extends TextRules {
  readonly name: string;
  /** Feature whose values these are. */
  readonly of?: string;
  /** How its texts are made of those of columns. */
  readonly from?: unknown;
}

/** Returns the rules of each feature: its own before those of the schema. A sequence of a feature's values has that one's. */
export function textRulesOf(features: readonly TextFeature[], schema: TextRules): TextRules[] {
  return features.map((feature): TextRules => {
    // Kept texts are encoded again, which applies the rules of the features that they are kept for. Those that are made
    // of columns are made once.
    if (isKept(feature.name) && feature.from === undefined) {
      return mayKeepQuantities(feature.name) ? {} : { trim: schema.trim };
    }
    // Letters of dates, such as the T before their time, are no spelling.
    if (isOfDate(feature)) return { trim: feature.trim ?? schema.trim };
    const { of } = feature;
    const owner = (of === undefined ? undefined : features.find(({ name }) => name === of)) ?? feature;
    return {
      trim: owner.trim ?? schema.trim,
      lowerCase: owner.lowerCase ?? schema.lowerCase,
      unicode: owner.unicode ?? schema.unicode,
    };
  });
}

/** Whether a feature is a part of dates. */
function isOfDate({ from }: TextFeature): boolean {
  return typeof from === "object" && from !== null && "date" in from;
}

/** Returns the function that applies rules to a text; nothing where they change none. */
export function createTextForm(rules: TextRules): ((text: string) => string) | undefined {
  const { trim = false, lowerCase = false, unicode = "none" } = rules;
  if (!trim && !lowerCase && unicode === "none") return undefined;
  return (text) => {
    const normal = unicode === "none" ? text : text.normalize(unicode);
    const bare = trim ? normal.trim() : normal;
    return lowerCase ? bare.toLowerCase() : bare;
  };
}

/** Returns the function that applies rules to a cell, and leaves out texts that stand for a missing value. */
export function createCellForm(rules: TextRules, missing: Iterable<string>): CellForm {
  const form = createTextForm(rules);
  if (!form) return (text) => text;
  const absent = new MissingTexts([...missing].map(form));
  return (text) => {
    const formed = text === undefined ? undefined : form(text);
    return formed === undefined || absent.has(formed) ? undefined : formed;
  };
}
