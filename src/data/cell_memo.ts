/**
 * What a column makes of texts, found once for each.
 *
 * @module
 */
import type { CodedCells } from "./text_pool.ts";
import type { CellForm } from "./text_rules.ts";

/** The number of a text that a column cannot take. */
export const REFUSED = Infinity;

/** Numbers that a column stores for the cells of a block. */
export class CellMemo {
  readonly #numberOf: (text: string | undefined) => number;
  #texts: readonly (string | undefined)[] = [];
  #numbers = new Float64Array(64);
  #known = 0;
  #form: CellForm = (text) => text;
  #codes: Uint32Array = new Uint32Array(0);

  /** @param numberOf returns what is stored for a text, or {@linkcode REFUSED}; the same whenever it is asked */
  constructor(numberOf: (text: string | undefined) => number) {
    this.#numberOf = numberOf;
  }

  /**
   * Takes the cells of a block.
   *
   * @param form what becomes of each text first; the same for all blocks
   */
  read({ texts, codes }: CodedCells, form: CellForm): void {
    if (texts !== this.#texts) {
      this.#texts = texts;
      this.#known = 0;
    }
    this.#codes = codes;
    this.#form = form;
    if (texts.length > this.#numbers.length) {
      const larger = new Float64Array(2 * texts.length);
      larger.set(this.#numbers.subarray(0, this.#known));
      this.#numbers = larger;
    }
    for (; this.#known < texts.length; this.#known++) {
      this.#numbers[this.#known] = this.#numberOf(form(texts[this.#known]));
    }
  }

  /** Marks the rows of `refused` whose cell is refused. */
  mark(refused: Uint8Array): void {
    const [numbers, codes] = [this.#numbers, this.#codes];
    for (let row = 0; row < refused.length; row++) if (numbers[codes[row]] === REFUSED) refused[row] = 1;
  }

  /** Returns the number of a row's cell. */
  numberAt(row: number): number {
    return this.#numbers[this.#codes[row]];
  }

  /** Returns the text of a row's cell in the form that the column takes. */
  textAt(row: number): string | undefined {
    return this.#form(this.#texts[this.#codes[row]]);
  }
}
