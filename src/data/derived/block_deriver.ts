/**
 * The texts of a feature that is made of columns, for blocks of rows: each combination of their texts makes one text, once
 * as long as combinations recur.
 *
 * @module
 */
import { MappedTexts, markWrong } from "../mapped_texts.ts";
import type { CodedCells } from "../text_pool.ts";
import { ValuePool } from "../value_pool.ts";
import type { Derive } from "./derive.ts";

/** Combinations of lists that are remembered: each thread that cuts has lists of its own. */
const MOST_LISTS = 4;

/** Numbers of texts are below this, so that a pair of them is a number. */
const CODES = 2 ** 26;

/** Makes the texts of a feature. */
export class BlockDeriver {
  readonly #derive: Derive;
  readonly #single: MappedTexts;
  /** What is known of lists of texts, those of the last blocks first. */
  #combined: Combined[] = [];

  /** @param derive makes one text */
  constructor(derive: Derive) {
    this.#derive = derive;
    this.#single = new MappedTexts((text) => derive([text]));
  }

  /** Returns the cells that are made of those of the columns, and marks the rows of which none can be made. */
  read(columns: readonly CodedCells[], refused: Uint8Array): CodedCells {
    if (columns.length === 1) return this.#single.map(columns[0], refused);
    const known = this.#combined.find(({ lists }) => lists.every((list, c) => list === columns[c].texts));
    const combined = known ?? new Combined(columns.map(({ texts }) => texts), this.#derive);
    this.#combined = [combined, ...this.#combined.filter((other) => other !== combined)].slice(0, MOST_LISTS);
    return combined.read(columns.map(({ codes }) => codes), refused);
  }
}

/** A pair of numbers as one number, or more of them as a text. */
type Combination = number | string;

/** Texts made of several lists of texts. */
class Combined {
  readonly lists: readonly CodedCells["texts"][];
  readonly #derive: Derive;
  readonly #pool = new ValuePool((combination) => this.#make(combination as Combination));
  /** Numbers of the combinations that nothing can be made of. */
  readonly #wrong = new Set<number>();

  constructor(lists: readonly CodedCells["texts"][], derive: Derive) {
    this.lists = lists;
    this.#derive = derive;
  }

  read(columns: readonly Uint32Array[], refused: Uint8Array): CodedCells {
    this.#pool.beginBlock();
    if (this.#pool.texts.length === 0) this.#wrong.clear();
    const codes = this.#pool.codes(combine(columns));
    this.#pool.endBlock(codes.length);
    markWrong(codes, this.#wrong, refused);
    return { texts: this.#pool.texts, codes };
  }

  #make(combination: Combination): string | undefined {
    const text = this.#derive(numbersOf(combination).map((number, c) => this.lists[c][number]));
    if (typeof text !== "object") return text;
    this.#wrong.add(this.#pool.texts.length);
    return undefined;
  }
}

function combine(columns: readonly Uint32Array[]): ArrayLike<Combination> {
  const [first, second] = columns;
  if (columns.length === 2) return Float64Array.from(first, (number, row) => number * CODES + second[row]);
  return Array.from(first, (_, row) => columns.map((column) => column[row]).join());
}

function numbersOf(combination: Combination): number[] {
  if (typeof combination === "string") return combination.split(",").map(Number);
  return [Math.floor(combination / CODES), combination % CODES];
}
