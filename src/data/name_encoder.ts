/**
 * Encoding columns of names with a fitted field, without memory of their cells.
 *
 * @module
 */
import { ByteTable, padded, UNKNOWN } from "./byte_table.ts";
import type { CellCounts } from "./columns.ts";
import { Respellings, withFilled } from "./coverage.ts";
import type { FittedField } from "./field_fit.ts";
import { isHashed } from "./hash_buckets.ts";
import { isNew, MISSING_NAME, NameLookup } from "./name_lookup.ts";
import type { Row } from "./row_cells.ts";
import type { CellForm } from "./text_rules.ts";
import { placeTexts, type Utf8Texts } from "./utf8_texts.ts";
import { firstValueRow } from "./vocabulary.ts";

/** What is known of a field's names. */
export interface KnownNames {
  /** The field. */
  readonly field: FittedField;
  /** Rows of its vocabulary. */
  readonly tokenRows: ReadonlyMap<string, number>;
  /** Texts that stand for a missing value. */
  readonly missing: ReadonlySet<string>;
  /** Brings a text into the field's form. */
  readonly form: CellForm;
  /** Whether texts are in that form as they come. */
  readonly isPlain: boolean;
}

/** Where more than one in so many texts is unknown, making strings of all at once takes less time than of each alone. */
const UNKNOWN_SHARE = 8;

/** Encodes columns of names; made once for a field, and kept. */
export class NameEncoder {
  readonly #known: KnownNames;
  readonly #lookup: NameLookup;
  /** Numbers the names of the vocabulary by their bytes, and behind them the texts that mean missing. */
  #table: ByteTable | undefined;

  /** Whether a text that the table lacks is hashed as it is. */
  readonly #hashes: boolean;

  /** Takes what is known of the names. */
  constructor(known: KnownNames) {
    this.#known = known;
    this.#lookup = new NameLookup(known.field, known.tokenRows, known.missing);
    this.#hashes = known.isPlain && isHashed(known.field.feature);
  }

  /** Reads the bytes of the vocabulary, which takes a while where there are many names. */
  prepare(): ByteTable {
    return this.#table ??= this.#createTable();
  }

  /**
   * Encodes values by row, of which one that follows itself is looked up once.
   *
   * @param textOf returns the text of a row's value, none for a missing one
   * @param ids takes the rows in the flat row space, from position `start` on
   */
  encodeValues(
    values: readonly Row[string][],
    textOf: (value: Row[string], row: number) => string | undefined,
    { ids, start }: { readonly ids: Uint32Array; readonly start: number },
  ): CellCounts {
    const { field, form } = this.#known;
    const tally = new NameTally(this.#known);
    let code = MISSING_NAME;
    let text: string | undefined;
    let id = 0;
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (row === 0 || value !== values[row - 1]) {
        text = form(typeof value === "string" ? value : textOf(value, row));
        code = this.#lookup.codeOf(text);
        id = field.offset + this.#lookup.rowOf(code);
      }
      tally.add(code, text);
      ids[start + row] = id;
    }
    return tally.counts;
  }

  /**
   * Encodes texts by row. Those that the vocabulary has are found by their bytes, others become strings.
   *
   * @param ids takes the rows in the flat row space, from position `start` on
   */
  encodeTexts(texts: Utf8Texts, { ids, start }: { readonly ids: Uint32Array; readonly start: number }): CellCounts {
    const { field: { offset, missing, vocabulary = [] }, form } = this.#known;
    const numbers = new Int32Array(ids.buffer, ids.byteOffset + 4 * start, texts.length);
    const { starts, nexts } = placeTexts(texts, texts.length);
    const unknown = this.prepare().findAll(texts, starts, nexts, numbers);
    const tally = new NameTally(this.#known);
    const first = offset + firstValueRow(missing);
    const absent = offset + this.#lookup.missingRow;
    const strings = !this.#hashes && UNKNOWN_SHARE * unknown > texts.length ? texts.strings : undefined;
    const names = vocabulary.length;
    for (let row = 0; row < texts.length; row++) {
      const number = numbers[row];
      if (number >= names) {
        ids[start + row] = absent;
        tally.add(MISSING_NAME, undefined);
      } else if (number !== UNKNOWN) ids[start + row] = first + number;
      else if (this.#hashes) {
        ids[start + row] = offset +
          this.#lookup.rowOf(this.#lookup.codeOfBytes(texts.bytes, starts[row], nexts[row] - 1));
      } else {
        const text = form(strings ? strings[row] : texts.decode(starts[row], nexts[row] - 1));
        const code = this.#lookup.codeOf(text);
        ids[start + row] = offset + this.#lookup.rowOf(code);
        tally.add(code, text);
      }
    }
    return tally.counts;
  }

  #createTable(): ByteTable {
    const { field: { missing, vocabulary = [] }, missing: absent, form } = this.#known;
    const first = firstValueRow(missing);
    const table = new ByteTable(vocabulary.length + absent.size);
    vocabulary.forEach((name, position) => {
      // Where a name means another one by the field's own rules, it is found by them.
      const isItself = this.#lookup.codeOf(form(name)) === 2 * (first + position);
      if (!isItself || !addText(table, name)) table.skip();
    });
    for (const text of absent) if (this.#lookup.codeOf(form(text)) === MISSING_NAME) addText(table, text);
    return table;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
let scratch = padded(new Uint8Array(1 << 10));

/** Gives a text the next number; returns whether it did: half characters, which UTF-8 does not have, get none. */
function addText(table: ByteTable, text: string): boolean {
  // UTF-8 takes at most three bytes for each UTF-16 unit.
  if (3 * text.length > scratch.bytes.length) scratch = padded(new Uint8Array(3 * text.length));
  const { written } = encoder.encodeInto(text, scratch.bytes);
  const isWhole = written === text.length || decoder.decode(scratch.bytes.subarray(0, written)) === text;
  if (!isWhole || table.find(scratch, 0, written) >= 0) return false;
  table.add(scratch, 0, written);
  return true;
}

/** Counts the names of a column. */
class NameTally {
  readonly #known: KnownNames;
  readonly #counts = { missing: 0, unseen: 0, outside: 0 };
  #respellings: Respellings | undefined;

  constructor(known: KnownNames) {
    this.#known = known;
  }

  /** What was counted. */
  get counts(): CellCounts {
    const respelled = this.#respellings?.example;
    return { ...withFilled(this.#counts, this.#known.field), ...(respelled ? { respelled } : {}) };
  }

  /** Counts a name by its code. */
  add(code: number, text: string | undefined): void {
    if (code === MISSING_NAME) this.#counts.missing++;
    else if (isNew(code)) {
      this.#counts.unseen++;
      this.#respellings ??= new Respellings(this.#known.tokenRows);
      this.#respellings.try(text!);
    }
  }
}
