/**
 * Numbers of a column that come as numbers, which need not become texts to be read.
 *
 * @module
 */
import type { ColumnValues } from "./encode_columns.ts";
import { LARGEST_NUMBER } from "./scaling.ts";
import type { CellForm } from "./text_rules.ts";

/** Reads the numbers of a field as their texts would be read. */
export class NumberReader {
  /** Numbers whose texts stand for a missing value. */
  readonly #missing: ReadonlySet<number>;

  /**
   * @param missing texts that stand for a missing value
   * @param form brings a text into the field's form
   */
  constructor(missing: readonly string[], form: CellForm) {
    const texts = new Set(missing);
    const numbers = missing.map((text) => Number(text.normalize("NFKC")));
    const isMissing = (x: number) => {
      const text = form(String(x));
      return text === undefined || texts.has(text);
    };
    this.#missing = new Set(numbers.filter(isMissing));
  }

  /** Returns the numbers of a column, NaN for a missing one; nothing where one of its values must be read as a text. */
  read(given: ColumnValues | undefined): Float64Array<ArrayBuffer> | undefined {
    if (!given || "shared" in given || "texts" in given) return undefined;
    return "values" in given ? this.#readValues(given.values) : this.#readNumbers(given.numbers);
  }

  #readValues(values: readonly unknown[]): Float64Array<ArrayBuffer> | undefined {
    const numbers = new Float64Array(values.length);
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (value === null || value === undefined) numbers[row] = NaN;
      else if (typeof value !== "number" || !(Math.abs(value) <= LARGEST_NUMBER)) return undefined;
      else numbers[row] = this.#numberOf(value);
    }
    return numbers;
  }

  #readNumbers(given: Float32Array | Float64Array | BigInt64Array): Float64Array<ArrayBuffer> | undefined {
    const numbers = new Float64Array(given.length);
    // Digits of larger integers are another text than those of their numbers.
    const most = given instanceof BigInt64Array ? Number.MAX_SAFE_INTEGER : LARGEST_NUMBER;
    for (let row = 0; row < given.length; row++) {
      const x = Number(given[row]);
      if (Math.abs(x) > most) return undefined;
      numbers[row] = this.#numberOf(x);
    }
    return numbers;
  }

  #numberOf(x: number): number {
    // Adding 0 makes 0 of -0, which has the same text.
    return this.#missing.size > 0 && this.#missing.has(x) ? NaN : x + 0;
  }
}
