/**
 * Reading labels.
 *
 * @module
 */
import { parseNumber } from "./scaling.ts";
import type { Schema } from "./schema.ts";

/** Reads labels and watches that they make sense. */
export interface LabelReader {
  /** Returns 0 or 1, or says what is wrong with the text. */
  read(text: string): number | string;
  /** Throws when a text was named positive that no row had. */
  requirePositive(): void;
}

/** How many other labels an error lists. */
const LISTED = 5;

/** Makes the reader for the label of a schema. */
export function createLabelReader({ label, positive, negative }: Schema): LabelReader {
  if (positive === undefined) return { read: readNumber, requirePositive: () => {} };
  const others = new Set<string>();
  let found = false;
  const expected = negative === undefined ? "a label" : `"${positive}" or "${negative}"`;
  return {
    read(text) {
      if (text === positive) {
        found = true;
        return 1;
      }
      if (text === "" || (negative !== undefined && text !== negative)) {
        return `expected ${expected}, received ${JSON.stringify(text)}`;
      }
      if (others.size < LISTED) others.add(text);
      return 0;
    },
    requirePositive() {
      if (found) return;
      const listed = [...others].map((text) => `"${text}"`).join(", ");
      throw new RangeError(`Cannot fit schema: a label "${label}" must be "${positive}", received ${listed}`);
    },
  };
}

function readNumber(text: string): number | string {
  if (text === "1") return 1;
  if (text === "0") return 0;
  const number = parseNumber(text);
  if (Number.isNaN(number)) return `expected a number as label, received ${JSON.stringify(text)}`;
  return number > 0 ? 1 : 0;
}
