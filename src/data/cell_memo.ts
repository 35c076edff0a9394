/**
 * What a column makes of texts, found once for each.
 *
 * @module
 */
import type { CodedCells } from "./text_pool.ts";
import type { CellForm } from "./text_rules.ts";

/** The number of a text that a column cannot take. */
export const REFUSED = Infinity;

/** Numbers that a column stores for texts. */
interface Known {
  numbers: Float64Array;
  count: number;
}

/** Numbers that a column stores for the cells of a block. */
export class CellMemo {
  readonly #numberOf: (text: string | undefined) => number;
  /** What is known by list: each thread that cuts has lists of its own. */
  readonly #lists = new WeakMap<CodedCells["texts"], Known>();

  /** @param numberOf returns what is stored for a text, or {@linkcode REFUSED}; the same whenever it is asked */
  constructor(numberOf: (text: string | undefined) => number) {
    this.#numberOf = numberOf;
  }

  /**
   * Returns the numbers of the texts of a block, which its codes point to.
   *
   * @param form what becomes of each text first; the same for all blocks
   */
  read({ texts }: CodedCells, form: CellForm): Float64Array {
    let known = this.#lists.get(texts);
    if (!known) this.#lists.set(texts, known = { numbers: new Float64Array(64), count: 0 });
    if (texts.length > known.numbers.length) {
      const larger = new Float64Array(2 * texts.length);
      larger.set(known.numbers.subarray(0, known.count));
      known.numbers = larger;
    }
    for (; known.count < texts.length; known.count++) {
      known.numbers[known.count] = this.#numberOf(form(texts[known.count]));
    }
    return known.numbers;
  }
}
