/**
 * Texts of a growing column by codes, until it is known what they become.
 *
 * @module
 */
import { CellMemo } from "./cell_memo.ts";
import { growU32 } from "./growable.ts";
import type { CodedCells } from "./text_pool.ts";
import type { CellForm } from "./text_rules.ts";
import { Interner } from "./vocabulary.ts";

/** Cells of a column: 0 is a missing one, k + 1 the text with code k. */
export class InternedCells {
  /** The texts, each with how often it was stored; some may be known that were never stored. */
  readonly interner = new Interner();
  /** The cells that are stored. */
  readonly codes = growU32();
  readonly #missing: ReadonlySet<string>;
  readonly #memo = new CellMemo(
    (length) => new Uint32Array(length),
    (text) => this.#isMissing(text) ? 0 : this.interner.codeOf(text) + 1,
  );
  #offered: { codes: Uint32Array; numbers: Uint32Array } = {
    codes: new Uint32Array(0),
    numbers: new Uint32Array(0),
  };
  #absent = 0;

  /** @param missing texts that stand for a missing value */
  constructor(missing: ReadonlySet<string>) {
    this.#missing = missing;
  }

  /** How many missing ones were stored. */
  get absent(): number {
    return this.#absent;
  }

  /** Stores a cell. */
  push(text: string | undefined): void {
    if (!this.#isMissing(text)) return this.codes.push(this.interner.add(text) + 1);
    this.#absent++;
    this.codes.push(0);
  }

  /** Takes the cells of a block. */
  offerBlock(cells: CodedCells, form: CellForm): void {
    this.#offered = { codes: cells.codes, numbers: this.#memo.read(cells, form) };
  }

  /** Stores the first `count` rows that `kept` names of the block. */
  storeBlock(kept: Uint32Array, count: number): void {
    const { codes, numbers } = this.#offered;
    const cells = count === codes.length ? codes : Uint32Array.from(kept.subarray(0, count), (row) => codes[row]);
    const stored = new Uint32Array(count);
    this.#absent += this.interner.countAll(cells, numbers, stored);
    this.codes.append(stored);
  }

  #isMissing(text: string | undefined): text is undefined {
    return text === undefined || this.#missing.has(text);
  }
}
