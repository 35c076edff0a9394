/**
 * Reading labels: exactly two values, known or named, or numbers to predict.
 *
 * @module
 */
import { formatText } from "./format.ts";
import type { RowFault } from "./rejections.ts";
import { parseNumber } from "./scaling.ts";
import type { Schema } from "./schema.ts";

/** What stands for a label that is not known, where a row has another one that is. */
export const UNKNOWN_LABEL = -1;

/** Reads the labels of one data set and watches that they are of two classes. */
export interface LabelReader {
  /** Returns 0 or 1, or a number to predict, or says what is wrong with the text. */
  read(text: string | undefined): number | RowFault;
  /** Takes notice that a text which it read as that number has come again; absent where it makes no difference. */
  readAgain?(label: number): void;
  /** The text that means 0, declared or found; nothing for labels that are numbers. */
  readonly negative: string | undefined;
  /**
   * Refuses labels that can be told apart only by guessing which two are meant.
   *
   * @throws {RangeError} when rows were left out because a third label occurred that no declaration rules out
   */
  requireClear(): void;
  /**
   * Refuses labels among which the declared positive one never occurs.
   *
   * @param positives how many rows have label 1
   * @throws {RangeError} when a text was named positive that no row had
   */
  requirePositive(positives: number): void;
}

/** How many labels an error lists. */
const LISTED = 5;

/**
 * Makes the reader for a label of a schema.
 *
 * @param schema declares the label's values
 * @param label column of the label
 * @param missing texts that stand for a missing value, unless they are named as a class
 */
export function createLabelReader(schema: Schema, label: string, missing: ReadonlySet<string>): LabelReader {
  const { threshold } = schema;
  if (schema.real) return new RealLabels(missing);
  if (schema.positive !== undefined) return new NamedLabels(schema, label, missing);
  if (threshold !== undefined) return new ThresholdLabels(threshold, missing);
  return new NumberLabels(label, missing);
}

function missingLabel(text: string | undefined): RowFault {
  const shown = text === undefined || text === "" ? "a missing one" : `${formatText(text)}, which means missing`;
  return { reason: `expected a label, received ${shown}`, missingLabel: true };
}

/** Counts texts, as many of them as an error lists. */
class TextCounts {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  add(text: string): void {
    if (this.#counts.size < LISTED || this.#counts.has(text)) this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
  }

  toString(): string {
    return [...this.#counts].map(([text, count]) => `${formatText(text)} (${count})`).join(", ");
  }
}

/** Labels that are texts: one is named, the other named or the first one found beside it. */
class NamedLabels implements LabelReader {
  readonly #schema: Schema;
  readonly #label: string;
  readonly #missing: ReadonlySet<string>;
  readonly #others = new TextCounts();
  #negatives = 0;
  negative: string | undefined;

  constructor(schema: Schema, label: string, missing: ReadonlySet<string>) {
    this.#schema = schema;
    this.#label = label;
    this.#missing = missing;
    this.negative = schema.negative;
  }

  read(text: string | undefined): number | RowFault {
    const { positive } = this.#schema;
    if (text !== undefined) {
      if (text === positive) return 1;
      if (text === this.negative) return this.#negatives++, 0;
    }
    if (text === undefined || text === "" || this.#missing.has(text)) return missingLabel(text);
    if (this.negative === undefined) {
      this.negative = text;
      return this.#negatives++, 0;
    }
    this.#others.add(text);
    const bare = text.trim();
    const trim = bare !== text && (bare === positive || bare === this.negative) ? "; trim removes the blanks" : "";
    return { reason: `expected ${this.#expected()}, received ${formatText(text)}${trim}` };
  }

  readAgain(label: number): void {
    if (label === 0) this.#negatives++;
  }

  requireClear(): void {
    if (this.#schema.negative !== undefined || this.#others.size === 0) return;
    throw new RangeError(
      `Cannot read labels of column "${this.#label}": they must be ${formatText(this.#schema.positive!)} and one ` +
        `other text, received ${formatText(this.negative!)} (${this.#negatives}), ${this.#others}; ` +
        "name the one that means 0 as negative",
    );
  }

  requirePositive(positives: number): void {
    if (positives > 0) return;
    const { positive } = this.#schema;
    const found = this.negative === undefined || this.#negatives === 0 ? "none" : formatText(this.negative);
    throw new RangeError(
      `Cannot fit schema: a label "${this.#label}" must be ${formatText(positive!)}, received ${found}`,
    );
  }

  #expected(): string {
    const both = `${formatText(this.#schema.positive!)} or ${formatText(this.negative!)}`;
    return this.#schema.negative === undefined ? `${both}, the first other label (negative names it)` : both;
  }
}

/** Labels that are numbers without a declaration: 0 and 1, or -1 and 1. */
class NumberLabels implements LabelReader {
  readonly negative = undefined;
  readonly #label: string;
  readonly #missing: ReadonlySet<string>;
  #zero: number | undefined;
  #mixed = 0;

  constructor(label: string, missing: ReadonlySet<string>) {
    this.#label = label;
    this.#missing = missing;
  }

  read(text: string | undefined): number | RowFault {
    if (text === undefined || text === "" || this.#missing.has(text)) return missingLabel(text);
    const number = text === "1" ? 1 : text === "0" ? 0 : parseNumber(text);
    if (number === 1) return 1;
    if (number !== 0 && number !== -1) {
      return {
        reason: `expected label 1, and 0 or -1, received ${formatText(text)}; positive or threshold declare others`,
      };
    }
    // -0 is 0 as well.
    this.#zero ??= number + 0;
    if (number === this.#zero) return 0;
    this.#mixed++;
    return { reason: `expected labels 1 and ${this.#zero} as in the rows before, received ${formatText(text)}` };
  }

  requireClear(): void {
    if (this.#mixed === 0) return;
    throw new RangeError(
      `Cannot read labels of column "${this.#label}": they must be 1 and ${this.#zero}, received ` +
        `${this.#zero === 0 ? -1 : 0} in ${this.#mixed} rows; name the two as positive and negative`,
    );
  }

  requirePositive(): void {}
}

/** Labels that are numbers on either side of a threshold. */
class ThresholdLabels implements LabelReader {
  readonly negative = undefined;
  readonly #threshold: number;
  readonly #missing: ReadonlySet<string>;

  constructor(threshold: number, missing: ReadonlySet<string>) {
    this.#threshold = threshold;
    this.#missing = missing;
  }

  read(text: string | undefined): number | RowFault {
    if (text === undefined || text === "" || this.#missing.has(text)) return missingLabel(text);
    const number = parseNumber(text);
    if (Number.isNaN(number)) return { reason: `expected a number as label, received ${formatText(text)}` };
    return number > this.#threshold ? 1 : 0;
  }

  requireClear(): void {}

  requirePositive(): void {}
}

/** Labels that are numbers to predict. */
class RealLabels implements LabelReader {
  readonly negative = undefined;
  readonly #missing: ReadonlySet<string>;

  constructor(missing: ReadonlySet<string>) {
    this.#missing = missing;
  }

  read(text: string | undefined): number | RowFault {
    if (text === undefined || text === "" || this.#missing.has(text)) return missingLabel(text);
    const number = parseNumber(text);
    if (Number.isFinite(Math.fround(number))) return number;
    return { reason: `expected a number that float32 holds as label, received ${formatText(text)}` };
  }

  requireClear(): void {}

  requirePositive(): void {}
}

/** How many labels of a task there are. */
export interface LabelCounts {
  /** Rows whose label is known. */
  readonly known: number;
  /** Rows with label 1. */
  readonly positives: number;
}

/** Counts the known labels, and those that are 1. */
export function countClasses(labels: Float32Array): LabelCounts {
  let [known, positives] = [0, 0];
  for (const label of labels) {
    if (label === UNKNOWN_LABEL) continue;
    known++;
    positives += label;
  }
  return { known, positives };
}
