/**
 * Growing columns of a data set: texts go in row by row, row numbers and values come out when all rows are there.
 *
 * A row is offered to all columns first and stored in none unless every column takes its cell, so that a malformed
 * row leaves nothing behind.
 *
 * @module
 */
import { fitTextFill } from "./absence.ts";
import { CellMemo } from "./cell_memo.ts";
import { type FieldCoverage, Respellings, withFilled } from "./coverage.ts";
import { CutColumn, cutCrossOf, type EdgesOf, FittedCutColumn } from "./derived/cut_column.ts";
import { missingTextsOf } from "./derived/derive.ts";
import { FittedPastColumn, PastColumn } from "./derived/past_column.ts";
import type { PastFit } from "./derived/past_fit.ts";
import type { FieldFit, FittedField, FittedSchema } from "./fitted_schema.ts";
import { isHashed, rowsOfNewValues } from "./hash_buckets.ts";
import { HashedColumn } from "./hashed_column.ts";
import { growU32 } from "./growable.ts";
import { InternedCells } from "./interned_cells.ts";
import { isNew, MISSING_NAME, NameLookup } from "./name_lookup.ts";
import type { NumberCells } from "./number_cells.ts";
import { NumericColumn } from "./numeric_column.ts";
import { Weights } from "./occurrence_weights.ts";
import type { CategoricalFeature } from "./schema.ts";
import type { CodedCells } from "./text_pool.ts";
import type { CellForm } from "./text_rules.ts";
import { firstValueRow, MISSING } from "./vocabulary.ts";

/** A column that grows by one cell at a time. */
export interface Column {
  /** Takes a cell, none for a missing one, and the value that the occurrence carries; returns why it cannot, or nothing. */
  offer(text: string | undefined, weight: number): string | undefined;
  /** Stores the cell offered last. */
  store(): void;
  /**
   * Takes the cells of a block and marks the rows whose cell it cannot take.
   *
   * @param form what becomes of each text before it is offered
   */
  offerBlock(cells: CodedCells, form: CellForm, refused: Uint8Array): void;
  /**
   * Returns the texts that stand for a missing number, where cells can come as numbers; absent for a column of names.
   *
   * @param form what becomes of each text before it is offered
   */
  missingNumbers?(form: CellForm): readonly string[] | undefined;
  /** Takes the cells of a block as {@linkcode Column.offerBlock} does, where they came as numbers. */
  offerNumbers?(cells: NumberCells, form: CellForm, refused: Uint8Array): void;
  /** Stores the first `count` rows that `kept` names of the block offered last. */
  storeBlock(kept: Uint32Array, count: number): void;
  /**
   * Takes the numbers of all rows over, NaN for a missing one, in place of cells; absent for a column of names.
   *
   * @returns whether it did: not where it cannot take one of them
   */
  storeNumbers?(numbers: Float64Array<ArrayBuffer>): boolean;
  /** Learns what stands beside all stored cells, before it is fitted; for columns that need more than their cells. */
  learn?(rows: RowContext): void;
  /** Learns the edges between buckets, once they are fitted, for columns whose values are made of them. */
  cut?(edgesOf: EdgesOf): void;
  /** Stored numbers by row, NaN where one is missing; absent for a column of names. */
  readonly numbers?: Float64Array;
  /** Takes a number for each row that stands in for a missing one, NaN where the field's own does. */
  fillIn?(fills: Float64Array): void;
  /** Fits the field to all stored cells; a column of a fitted schema returns what it was given. */
  fit(): FieldFit;
  /**
   * Writes rows in the flat row space, and values, of all stored cells from position `start`, and frees them.
   *
   * @returns how many of the cells are missing or not what the field knows
   */
  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts;
}

/** What stands beside the cells of all rows. */
export interface RowContext {
  /** Labels of all rows, task by task, and weights. */
  readonly labels: Float32Array;
  /** Names of the tasks. */
  readonly tasks: readonly string[];
  /** Times of the rows, where the schema has them. */
  readonly times?: Float64Array;
}

/** What a column counts of its cells. */
export type CellCounts = Pick<FieldCoverage, "missing" | "filled" | "unseen" | "outside" | "respelled">;

/**
 * Makes a column that is to be fitted to its own cells.
 *
 * @param texts those that stand for a missing value
 * @param before what is known of rows before these, where a statistic of the past goes on from them
 */
export function createColumn(feature: FieldFit["feature"], texts: ReadonlySet<string>, before?: PastFit): Column {
  const missing = missingTextsOf(feature, texts);
  if (feature.kind === "numeric") {
    const numbers = new NumericColumn(feature, missing, undefined);
    return feature.from ? new PastColumn(feature, numbers, before) : numbers;
  }
  const names = isHashed(feature) ? new HashedColumn(feature, missing) : new CategoricalColumn(feature, missing);
  const cut = cutCrossOf(feature);
  return cut ? new CutColumn(cut, names) : names;
}

/**
 * Makes a column that is encoded with field number `index` of a fitted schema.
 *
 * @param texts those that stand for a missing value
 * @param before what is known of rows before these, where a statistic of the past goes on from them; else all rows have
 * that of the schema
 */
export function createFittedColumn(
  schema: FittedSchema,
  index: number,
  texts: ReadonlySet<string>,
  before?: PastFit,
): Column {
  const field = schema.fields[index];
  const missing = missingTextsOf(field.feature, texts);
  if (field.feature.kind === "categorical") {
    const names = new FittedCategoricalColumn(field, schema.tokenRows(field), missing);
    const cut = cutCrossOf(field.feature);
    const edgesOf = (name: string) => schema.fields.find((other) => other.name === name)!.edges!;
    return cut ? new FittedCutColumn(cut, names, edgesOf) : names;
  }
  const numbers = new NumericColumn(field.feature, missing, field);
  if (field.past === undefined) return numbers;
  return before ? new PastColumn(field.feature, numbers, before) : new FittedPastColumn(field, numbers);
}

/** A categorical column under fitting: cells are codes until the vocabulary is known. */
class CategoricalColumn implements Column {
  readonly #feature: CategoricalFeature;
  readonly #cells: InternedCells;
  readonly #weights = new Weights();
  #text: string | undefined;
  #weight = 1;
  #positions: Int32Array = new Int32Array(0);

  constructor(feature: CategoricalFeature, missing: ReadonlySet<string>) {
    this.#feature = feature;
    this.#cells = new InternedCells(missing);
  }

  offer(text: string | undefined, weight: number): undefined {
    this.#text = text;
    this.#weight = weight;
  }

  store(): void {
    this.#cells.push(this.#text);
    this.#weights.push(this.#weight);
  }

  offerBlock(cells: CodedCells, form: CellForm): void {
    this.#cells.offerBlock(cells, form);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    this.#cells.storeBlock(kept, count);
    this.#weights.pushOnes(count);
  }

  fit(): FieldFit {
    const { name, minCount, ifMissing } = this.#feature;
    const { interner, absent } = this.#cells;
    // A value that is told to stand in for missing ones occurs as often as they do.
    if (typeof ifMissing === "object" && absent > 0) interner.add(ifMissing.value, absent);
    const { tokens, positions } = interner.rank(minCount);
    this.#positions = positions;
    const fill = fitTextFill(name, ifMissing, tokens);
    return {
      ...{ feature: this.#feature, missing: fill === undefined && absent > 0, vocabulary: tokens },
      ...(this.#weights.used ? { weighted: true } : {}),
      ...(fill === undefined ? {} : { fill }),
    };
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    const { offset, missing, fill, vocabulary = [] } = field;
    const rowOfRare = rowsOfNewValues(field);
    const rowOf = new Uint32Array(this.#positions.length + 1);
    const filled = fill === undefined ? -1 : vocabulary.indexOf(fill as string);
    const rowOfFill = () => filled < 0 ? rowOfRare(fill as string) : firstValueRow(missing) + filled;
    rowOf[0] = offset + (fill === undefined ? MISSING : rowOfFill());
    let code = 0;
    for (const text of this.#cells.interner.texts) {
      const position = this.#positions[code++];
      rowOf[code] = offset + (position < 0 ? rowOfRare(text) : firstValueRow(missing) + position);
    }
    const counts = { missing: 0, unseen: 0, outside: 0 };
    const hasRare = this.#positions.some((position) => position < 0);
    this.#cells.codes.drainParts((codes, first) => {
      for (let row = 0; row < codes.length; row++) {
        const number = codes[row];
        ids[start + first + row] = rowOf[number];
        if (number === 0) counts.missing++;
        else if (hasRare && this.#positions[number - 1] < 0) counts.unseen++;
      }
    });
    this.#weights.write(values, start);
    return withFilled(counts, field);
  }
}

/** A categorical column whose vocabulary is known. */
class FittedCategoricalColumn implements Column {
  readonly #field: FittedField;
  readonly #lookup: NameLookup;
  readonly #rows = growU32();
  readonly #weights = new Weights();
  readonly #respellings: Respellings;
  #counts = { missing: 0, unseen: 0, outside: 0 };
  readonly #memo = new CellMemo((length) => new Float64Array(length), (text) => this.#lookup.codeOf(text));
  #offered: { cells: CodedCells; form: CellForm; numbers: Float64Array } | undefined;
  #text: string | undefined;
  #weight = 1;

  constructor(field: FittedField, tokenRows: ReadonlyMap<string, number>, missing: ReadonlySet<string>) {
    this.#field = field;
    this.#lookup = new NameLookup(field, tokenRows, missing);
    this.#respellings = new Respellings(tokenRows);
  }

  offer(text: string | undefined, weight: number): string | undefined {
    if (weight !== 1 && !this.#field.weighted) return `expected value 1 as in the training data, received ${weight}`;
    this.#text = text;
    this.#weight = weight;
  }

  store(): void {
    const code = this.#lookup.codeOf(this.#text);
    this.#count(code, this.#text);
    this.#rows.push(this.#field.offset + this.#lookup.rowOf(code));
    this.#weights.push(this.#weight);
  }

  offerBlock(cells: CodedCells, form: CellForm): void {
    this.#offered = { cells, form, numbers: this.#memo.read(cells, form) };
  }

  storeBlock(kept: Uint32Array, count: number): void {
    const { cells: { texts, codes }, form, numbers } = this.#offered!;
    const { offset } = this.#field;
    const stored = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const code = numbers[codes[kept[i]]];
      const half = code / 2;
      const row = Math.floor(half);
      if (code < 0 || row !== half) {
        this.#count(code, code < 0 ? undefined : form(texts[codes[kept[i]]]));
        stored[i] = offset + this.#lookup.rowOf(code);
      } else stored[i] = offset + row;
    }
    this.#rows.append(stored);
    this.#weights.pushOnes(count);
  }

  /** Counts a name that is missing or new. */
  #count(code: number, text: string | undefined): void {
    if (code === MISSING_NAME) this.#counts.missing++;
    else if (isNew(code)) {
      this.#counts.unseen++;
      this.#respellings.try(text!);
    }
  }

  fit(): FieldFit {
    return this.#field;
  }

  write(_: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    this.#rows.drainParts((rows, first) => ids.set(rows, start + first));
    this.#weights.write(values, start);
    const respelled = this.#respellings.take();
    const counts = this.#counts;
    this.#counts = { missing: 0, unseen: 0, outside: 0 };
    return { ...withFilled(counts, this.#field), ...(respelled ? { respelled } : {}) };
  }
}
