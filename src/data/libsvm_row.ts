/**
 * Rows of libsvm, libfm and libffm.
 *
 * @module
 */
import { formatText } from "./format.ts";
import { parseNumber } from "./scaling.ts";

/** Larger field numbers are taken for something else. */
const MOST_FIELDS = 1 << 16;

/** How many times the fields known so far a later row may have; a larger number is taken for a mistake. */
const GROWTH = 4;

/** How many fields a later row may have at least. */
const FEW_FIELDS = 64;

/** Parses the tokens of a row into ids and values by field. */
export class RowParser {
  /** Texts by field, of the row parsed last. */
  texts: (string | undefined)[];
  /** Values by field, of the row parsed last. */
  weights: number[];
  readonly #ffm: boolean;
  readonly #growing: boolean;

  /**
   * @param tokens those of the first row, which tell the form of all rows
   * @param names names of the fields, where they are known; otherwise the rows tell how many there are
   */
  constructor(tokens: readonly string[], names: readonly string[] | undefined) {
    this.#ffm = tokens.length > 0 && tokens[0].split(":").length === 3;
    this.#growing = this.#ffm && names === undefined;
    const fields = names?.length ?? (this.#ffm ? 0 : tokens.length);
    this.texts = new Array(fields).fill(undefined);
    this.weights = new Array(fields).fill(1);
  }

  /** Fills `texts` and `weights`; returns what is wrong with the row, if anything is, and leaves them of no use then. */
  parse(tokens: readonly string[]): string | undefined {
    const count = this.texts.length;
    if (tokens.length === 0) return "expected id:value behind the label, received none";
    if (this.#ffm) {
      this.texts.fill(undefined);
      this.weights.fill(1);
    } else if (tokens.length !== count) {
      return `expected ${count} fields, received ${tokens.length}; rows of changing length need field:id:value`;
    }
    const most = this.#growing ? this.#mostFields() : count;
    for (let position = 0; position < tokens.length; position++) {
      const wrong = this.#parseToken(tokens[position], position, most);
      if (wrong === undefined) continue;
      this.texts.length = this.weights.length = count;
      return wrong;
    }
    for (let field = count; field < this.texts.length; field++) this.weights[field] ??= 1;
  }

  #mostFields(): number {
    const count = this.texts.length;
    return count === 0 ? MOST_FIELDS : Math.min(MOST_FIELDS, Math.max(FEW_FIELDS, GROWTH * count));
  }

  #parseToken(token: string, position: number, most: number): string | undefined {
    const start = this.#ffm ? token.indexOf(":") + 1 : 0;
    const colon = token.indexOf(":", start);
    const field = this.#ffm ? readWhole(token, 0, start - 1) : position;
    const weight = token.length === colon + 2 && token.endsWith("1") ? 1 : parseNumber(token.slice(colon + 1));
    if (colon < 0 || !(readWhole(token, start, colon) >= 0) || Number.isNaN(weight) || !(field >= 0)) {
      return `expected ${this.#ffm ? "field:id:value" : "id:value"}, received ${formatText(token)}`;
    }
    if (field >= most) return `expected fields below ${most}, received ${token}; name all fields to have more`;
    if (this.#ffm && this.texts[field] !== undefined) {
      return `expected each field once, received field ${field} twice`;
    }
    // A field beyond the known ones leaves holes in front of it.
    while (this.texts.length < field) this.texts.push(undefined);
    this.texts[field] = token.slice(start, colon);
    this.weights[field] = weight;
  }
}

/** Cuts a line into tokens; text from `#` on is a comment. */
export function cutTokens(line: string): string[] {
  const comment = line.indexOf("#");
  const text = (comment < 0 ? line : line.slice(0, comment)).trim();
  return text === "" ? [] : text.split(/[ \t]+/);
}

/** Reads the digits of `text[start, end)` as a number; NaN when there is anything else, or nothing. */
function readWhole(text: string, start: number, end: number): number {
  let number = start < end ? 0 : NaN;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : NaN;
  }
  return number;
}
