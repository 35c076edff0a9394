/**
 * Growing columns of a data set: texts go in row by row, row numbers and values come out when all rows are there.
 *
 * A row is offered to all columns first and stored in none unless every column takes its cell, so that a malformed
 * row leaves nothing behind.
 *
 * @module
 */
import { CellMemo, REFUSED, type TextForm } from "./cell_memo.ts";
import { type FieldCoverage, Respellings } from "./coverage.ts";
import type { FieldFit, FittedField, FittedSchema } from "./fitted_schema.ts";
import { formatText } from "./format.ts";
import { growF64, growU32 } from "./growable.ts";
import { scaleNumber, writeBuckets, writeScaled } from "./number_rows.ts";
import { fitEdges, fitScale, measureRange, parseNumber } from "./scaling.ts";
import type { CategoricalFeature, NumericFeature } from "./schema.ts";
import type { CodedCells } from "./text_pool.ts";
import { Weights } from "./occurrence_values.ts";
import { firstValueRow, Interner, MISSING, OUT_OF_VOCABULARY } from "./vocabulary.ts";

/** A column that grows by one cell at a time. */
export interface Column {
  /** Takes a cell, none for a missing one, and the value that the occurrence carries; returns why it cannot, or nothing. */
  offer(text: string | undefined, weight: number): string | undefined;
  /** Stores the cell offered last. */
  store(): void;
  /**
   * Takes the cells of a block and marks the rows whose cell it cannot take; absent where cells come one by one only.
   *
   * @param form what becomes of each text before it is offered
   */
  offerBlock?(cells: CodedCells, form: TextForm, refused: Uint8Array): void;
  /** Stores the first `count` rows that `kept` names of the block offered last. */
  storeBlock?(kept: Uint32Array, count: number): void;
  /** Fits the field to all stored cells; a column of a fitted schema returns what it was given. */
  fit(): FieldFit;
  /**
   * Writes rows in the flat row space, and values, of all stored cells from position `start`, and frees them.
   *
   * @returns how many of the cells are missing or not what the field knows
   */
  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts;
}

/** What a column counts of its cells. */
export type CellCounts = Pick<FieldCoverage, "missing" | "unseen" | "outside" | "respelled">;

/** Makes a column that is to be fitted to its own cells. */
export function createColumn(feature: FieldFit["feature"], missing: ReadonlySet<string>): Column {
  return feature.kind === "categorical"
    ? new CategoricalColumn(feature, missing)
    : new NumericColumn(feature, missing, undefined);
}

/** Makes a column that is encoded with field number `index` of a fitted schema. */
export function createFittedColumn(schema: FittedSchema, index: number, missing: ReadonlySet<string>): Column {
  const field = schema.fields[index];
  return field.feature.kind === "categorical"
    ? new FittedCategoricalColumn(field, schema.tokenRows(field), missing)
    : new NumericColumn(field.feature, missing, field);
}

/** A categorical column under fitting: cells are codes until the vocabulary is known. */
class CategoricalColumn implements Column {
  readonly #feature: CategoricalFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #interner = new Interner();
  // 0 is a missing cell, k + 1 the text with code k.
  readonly #codes = growU32();
  readonly #weights = new Weights();
  readonly #memo = new CellMemo((text) =>
    text === undefined || this.#missing.has(text) ? 0 : this.#interner.codeOf(text) + 1
  );
  #sawMissing = false;
  #text: string | undefined;
  #weight = 1;
  #positions: Int32Array = new Int32Array(0);

  constructor(feature: CategoricalFeature, missing: ReadonlySet<string>) {
    this.#feature = feature;
    this.#missing = missing;
  }

  offer(text: string | undefined, weight: number): undefined {
    this.#text = text;
    this.#weight = weight;
  }

  store(): void {
    if (this.#text === undefined || this.#missing.has(this.#text)) {
      this.#sawMissing = true;
      this.#codes.push(0);
    } else {
      this.#codes.push(this.#interner.add(this.#text) + 1);
    }
    this.#weights.push(this.#weight);
  }

  offerBlock(cells: CodedCells, form: TextForm): void {
    this.#memo.read(cells, form);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const code = this.#memo.numberAt(kept[i]);
      this.#codes.push(code);
      if (code === 0) this.#sawMissing = true;
      else this.#interner.count(code - 1);
    }
    this.#weights.pushOnes(count);
  }

  fit(): FieldFit {
    const { tokens, positions } = this.#interner.rank(this.#feature.minCount);
    this.#positions = positions;
    const weighted = this.#weights.used ? { weighted: true } : {};
    return { feature: this.#feature, missing: this.#sawMissing, vocabulary: tokens, ...weighted };
  }

  write(
    { offset, missing }: FittedField,
    ids: Uint32Array,
    values: Float32Array | undefined,
    start: number,
  ): CellCounts {
    const rowOf = new Uint32Array(this.#positions.length + 1);
    rowOf[0] = offset + MISSING;
    this.#positions.forEach((position, code) => {
      rowOf[code + 1] = offset + (position < 0 ? OUT_OF_VOCABULARY : firstValueRow(missing) + position);
    });
    const codes = this.#codes.drain();
    const counts = { missing: 0, unseen: 0, outside: 0 };
    for (let row = 0; row < codes.length; row++) {
      const encoded = ids[start + row] = rowOf[codes[row]];
      if (codes[row] === 0) counts.missing++;
      else if (encoded === offset + OUT_OF_VOCABULARY) counts.unseen++;
    }
    this.#weights.write(values, start);
    return counts;
  }
}

/** A categorical column whose vocabulary is known. */
class FittedCategoricalColumn implements Column {
  readonly #field: FittedField;
  readonly #tokenRows: ReadonlyMap<string, number>;
  readonly #missing: ReadonlySet<string>;
  readonly #rows = growU32();
  readonly #weights = new Weights();
  readonly #respellings: Respellings;
  readonly #counts = { missing: 0, unseen: 0, outside: 0 };
  // Negative for a missing cell, else the row.
  readonly #memo = new CellMemo((text) =>
    text === undefined || this.#missing.has(text) ? -1 : this.#tokenRows.get(text) ?? OUT_OF_VOCABULARY
  );
  #text: string | undefined;
  #row = 0;
  #weight = 1;

  constructor(field: FittedField, tokenRows: ReadonlyMap<string, number>, missing: ReadonlySet<string>) {
    this.#field = field;
    this.#tokenRows = tokenRows;
    this.#missing = missing;
    this.#respellings = new Respellings(tokenRows);
  }

  offer(text: string | undefined, weight: number): string | undefined {
    if (weight !== 1 && !this.#field.weighted) return `expected value 1 as in the training data, received ${weight}`;
    this.#text = text === undefined || this.#missing.has(text) ? undefined : text;
    this.#row = this.#text === undefined ? this.#missingRow : this.#tokenRows.get(this.#text) ?? OUT_OF_VOCABULARY;
    this.#weight = weight;
  }

  store(): void {
    if (this.#text === undefined) {
      this.#counts.missing++;
    } else if (this.#row === OUT_OF_VOCABULARY) {
      this.#counts.unseen++;
      this.#respellings.try(this.#text);
    }
    this.#rows.push(this.#field.offset + this.#row);
    this.#weights.push(this.#weight);
  }

  offerBlock(cells: CodedCells, form: TextForm): void {
    this.#memo.read(cells, form);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const row = this.#memo.numberAt(kept[i]);
      if (row < 0) this.#counts.missing++;
      else if (row === OUT_OF_VOCABULARY) {
        this.#counts.unseen++;
        this.#respellings.try(this.#memo.textAt(kept[i])!);
      }
      this.#rows.push(this.#field.offset + (row < 0 ? this.#missingRow : row));
    }
    this.#weights.pushOnes(count);
  }

  get #missingRow(): number {
    return this.#field.missing ? MISSING : OUT_OF_VOCABULARY;
  }

  fit(): FieldFit {
    return this.#field;
  }

  write(_: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    ids.set(this.#rows.drain(), start);
    this.#weights.write(values, start);
    const respelled = this.#respellings.example;
    return { ...this.#counts, ...(respelled ? { respelled } : {}) };
  }
}

/** A numeric column, bucketed or not, fitted or not. */
class NumericColumn implements Column {
  readonly #feature: NumericFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #fitted: FieldFit | undefined;
  readonly #numbers = growF64();
  readonly #memo = new CellMemo((text) => this.offer(text) === undefined ? this.#number : REFUSED);
  #number = NaN;

  constructor(feature: NumericFeature, missing: ReadonlySet<string>, fitted: FieldFit | undefined) {
    this.#feature = feature;
    this.#missing = missing;
    this.#fitted = fitted;
  }

  offer(text: string | undefined): string | undefined {
    const missing = text === undefined || this.#missing.has(text);
    this.#number = missing ? NaN : parseNumber(text);
    if (missing) return;
    if (Number.isNaN(this.#number)) return `expected a finite number, received ${formatText(text)}${this.#hint(text)}`;
    if (this.#fitted?.scaling && !Number.isFinite(Math.fround(scaleNumber(this.#fitted, this.#number)))) {
      return `expected a number that float32 holds when it is scaled, received ${formatText(text)}`;
    }
  }

  /** Says what makes a text with blanks around it a missing one. */
  #hint(text: string): string {
    return this.#missing.has(text.trim()) ? "; trim removes the blanks" : "";
  }

  store(): void {
    this.#numbers.push(this.#number);
  }

  offerBlock(cells: CodedCells, form: TextForm, refused: Uint8Array): void {
    this.#memo.read(cells, form);
    this.#memo.mark(refused);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#numbers.push(this.#memo.numberAt(kept[i]));
  }

  fit(): FieldFit {
    if (this.#fitted) return this.#fitted;
    const numbers = this.#numbers.toArray();
    const { scale, buckets } = this.#feature;
    const range = measureRange(numbers);
    const fit = { feature: this.#feature, missing: numbers.some(Number.isNaN), ...(range ? { range } : {}) };
    if (buckets !== undefined) return { ...fit, edges: fitEdges(buckets, numbers) };
    return { ...fit, scaling: fitScale(scale, numbers) };
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    const numbers = this.#numbers.drain();
    if (field.kind === "bucketed") writeBuckets(numbers, field, ids, values, start);
    else if (values) writeScaled(numbers, field, ids, values, start);
    const [least, most] = field.range ?? [-Infinity, Infinity];
    const counts = { missing: 0, unseen: 0, outside: 0 };
    for (const x of numbers) {
      if (Number.isNaN(x)) counts.missing++;
      else if (x < least || x > most) counts.outside++;
    }
    return counts;
  }
}
