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
interface Known<T> {
  numbers: T;
  count: number;
}

/** Numbers that a column stores for the cells of a block. */
export class CellMemo<T extends Float64Array | Uint32Array> {
  readonly #create: (length: number) => T;
  readonly #numberOf: (text: string | undefined) => number;
  /** What is known by list: each thread that cuts has lists of its own. */
  readonly #lists = new WeakMap<CodedCells["texts"], Known<T>>();

  /**
   * @param create makes an array of zeros that holds what is stored
   * @param numberOf returns what is stored for a text, or {@linkcode REFUSED}; the same whenever it is asked
   */
  constructor(create: (length: number) => T, numberOf: (text: string | undefined) => number) {
    this.#create = create;
    this.#numberOf = numberOf;
  }

  /**
   * Returns the numbers of the texts of a block, which its codes point to.
   *
   * @param form what becomes of each text first; the same for all blocks
   */
  read({ texts }: CodedCells, form: CellForm): T {
    let known = this.#lists.get(texts);
    if (!known) this.#lists.set(texts, known = { numbers: this.#create(64), count: 0 });
    if (texts.length > known.numbers.length) {
      const larger = this.#create(2 * texts.length);
      larger.set(known.numbers.subarray(0, known.count));
      known.numbers = larger;
    }
    for (; known.count < texts.length; known.count++) {
      known.numbers[known.count] = this.#numberOf(form(texts[known.count]));
    }
    return known.numbers;
  }
}
