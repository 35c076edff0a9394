/**
 * Growing columns of a data set: texts go in row by row, row numbers and values come out when all rows are there.
 *
 * A row is offered to all columns first and stored in none unless every column takes its cell, so that a malformed
 * row leaves nothing behind.
 *
 * @module
 */
import { fitNumberFill, fitTextFill } from "./absence.ts";
import { edgesFor } from "./bucket_edges.ts";
import { type FieldCoverage, Respellings } from "./coverage.ts";
import { missingTextsOf } from "./derived/derive.ts";
import { FittedPastColumn, PastColumn } from "./derived/past_column.ts";
import { missingRowOf } from "./field_fit.ts";
import type { FieldFit, FittedField, FittedSchema } from "./fitted_schema.ts";
import { formatText } from "./format.ts";
import { isHashed, rowsOfNewValues } from "./hash_buckets.ts";
import { HashedColumn } from "./hashed_column.ts";
import { growF64, growU32 } from "./growable.ts";
import { scaleNumber, writeBuckets, writeScaled } from "./number_rows.ts";
import { Weights } from "./occurrence_weights.ts";
import { fitScale, measureRange, parseNumber } from "./scaling.ts";
import type { CategoricalFeature, NumericFeature } from "./schema.ts";
import { firstValueRow, Interner, MISSING } from "./vocabulary.ts";

/** A column that grows by one cell at a time. */
export interface Column {
  /** Takes a cell, none for a missing one, and the value that the occurrence carries; returns why it cannot, or nothing. */
  offer(text: string | undefined, weight: number): string | undefined;
  /** Stores the cell offered last. */
  store(): void;
  /** Learns what stands beside all stored cells, before it is fitted; for columns that need more than their cells. */
  learn?(rows: RowContext): void;
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
 */
export function createColumn(feature: FieldFit["feature"], texts: ReadonlySet<string>): Column {
  const missing = missingTextsOf(feature, texts);
  if (feature.kind === "numeric") {
    const numbers = new NumericColumn(feature, missing, undefined);
    return feature.from ? new PastColumn(feature.from, numbers) : numbers;
  }
  return isHashed(feature) ? new HashedColumn(feature, missing) : new CategoricalColumn(feature, missing);
}

/**
 * Makes a column that is encoded with field number `index` of a fitted schema.
 *
 * @param texts those that stand for a missing value
 */
export function createFittedColumn(schema: FittedSchema, index: number, texts: ReadonlySet<string>): Column {
  const field = schema.fields[index];
  const missing = missingTextsOf(field.feature, texts);
  if (field.feature.kind === "categorical") return new FittedCategoricalColumn(field, schema.tokenRows(field), missing);
  const numbers = new NumericColumn(field.feature, missing, field);
  return field.past ? new FittedPastColumn(field, numbers) : numbers;
}

/** A categorical column under fitting: cells are codes until the vocabulary is known. */
class CategoricalColumn implements Column {
  readonly #feature: CategoricalFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #interner = new Interner();
  // 0 is a missing cell, k + 1 the text with code k.
  readonly #codes = growU32();
  readonly #weights = new Weights();
  #absent = 0;
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
      this.#absent++;
      this.#codes.push(0);
    } else {
      this.#codes.push(this.#interner.add(this.#text) + 1);
    }
    this.#weights.push(this.#weight);
  }

  fit(): FieldFit {
    const { name, minCount, ifMissing } = this.#feature;
    // A value that is told to stand in for missing ones occurs as often as they do.
    if (typeof ifMissing === "object" && this.#absent > 0) this.#interner.add(ifMissing.value, this.#absent);
    const { tokens, positions } = this.#interner.rank(minCount);
    this.#positions = positions;
    const fill = fitTextFill(name, ifMissing, tokens);
    return {
      ...{ feature: this.#feature, missing: fill === undefined && this.#absent > 0, vocabulary: tokens },
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
    for (const text of this.#interner.texts) {
      const position = this.#positions[code++];
      rowOf[code] = offset + (position < 0 ? rowOfRare(text) : firstValueRow(missing) + position);
    }
    const codes = this.#codes.drain();
    const counts = { missing: 0, unseen: 0, outside: 0 };
    for (let row = 0; row < codes.length; row++) {
      ids[start + row] = rowOf[codes[row]];
      if (codes[row] === 0) counts.missing++;
      else if (this.#positions[codes[row] - 1] < 0) counts.unseen++;
    }
    this.#weights.write(values, start);
    return withFilled(counts, field);
  }
}

/** A categorical column whose vocabulary is known. */
class FittedCategoricalColumn implements Column {
  readonly #field: FittedField;
  readonly #tokenRows: ReadonlyMap<string, number>;
  readonly #rowOfNew: (text: string) => number;
  readonly #missing: ReadonlySet<string>;
  readonly #rows = growU32();
  readonly #weights = new Weights();
  readonly #missingRow: number;
  readonly #respellings: Respellings;
  readonly #counts = { missing: 0, unseen: 0, outside: 0 };
  #text: string | undefined;
  #row = 0;
  #isNew = false;
  #weight = 1;

  constructor(field: FittedField, tokenRows: ReadonlyMap<string, number>, missing: ReadonlySet<string>) {
    this.#field = field;
    this.#tokenRows = tokenRows;
    this.#rowOfNew = rowsOfNewValues(field);
    this.#missing = missing;
    this.#missingRow = missingRowOf(field, tokenRows);
    this.#respellings = new Respellings(tokenRows);
  }

  offer(text: string | undefined, weight: number): string | undefined {
    if (weight !== 1 && !this.#field.weighted) return `expected value 1 as in the training data, received ${weight}`;
    this.#text = text === undefined || this.#missing.has(text) ? undefined : text;
    const known = this.#text === undefined ? this.#missingRow : this.#tokenRows.get(this.#text);
    this.#row = known ?? this.#rowOfNew(this.#text!);
    // Where each value is hashed, none is known better than others.
    this.#isNew = known === undefined && !isHashed(this.#field.feature);
    this.#weight = weight;
  }

  store(): void {
    if (this.#text === undefined) {
      this.#counts.missing++;
    } else if (this.#isNew) {
      this.#counts.unseen++;
      this.#respellings.try(this.#text);
    }
    this.#rows.push(this.#field.offset + this.#row);
    this.#weights.push(this.#weight);
  }

  fit(): FieldFit {
    return this.#field;
  }

  write(_: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    ids.set(this.#rows.drain(), start);
    this.#weights.write(values, start);
    const respelled = this.#respellings.example;
    return { ...withFilled(this.#counts, this.#field), ...(respelled ? { respelled } : {}) };
  }
}

/** A numeric column, bucketed or not, fitted or not. */
class NumericColumn implements Column {
  readonly #feature: NumericFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #fitted: FieldFit | undefined;
  readonly #numbers = growF64();
  #drained: Float64Array | undefined;
  #fills: Float64Array | undefined;
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

  get numbers(): Float64Array {
    return this.#drained ??= this.#numbers.drain();
  }

  fillIn(fills: Float64Array): void {
    this.#fills = fills;
  }

  fit(): FieldFit {
    if (this.#fitted) return this.#fitted;
    const { numbers } = this;
    const { name, scale, buckets, ifMissing } = this.#feature;
    const range = measureRange(numbers);
    const fill = fitNumberFill(name, ifMissing, numbers);
    const fit = {
      ...{ feature: this.#feature, missing: fill === undefined && numbers.some(Number.isNaN) },
      ...(range ? { range } : {}),
      ...(fill === undefined ? {} : { fill }),
    };
    if (buckets !== undefined) return { ...fit, edges: edgesFor(buckets, numbers) };
    return { ...fit, scaling: fitScale(scale, numbers) };
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    const { numbers } = this;
    this.#drained = undefined;
    const [least, most] = field.range ?? [-Infinity, Infinity];
    const counts = { missing: 0, unseen: 0, outside: 0 };
    for (let row = 0; row < numbers.length; row++) {
      const x = numbers[row];
      if (Number.isNaN(x)) {
        counts.missing++;
        const near = this.#fills?.[row] ?? NaN;
        if (field.fill !== undefined) numbers[row] = Number.isNaN(near) ? field.fill as number : near;
      } else if (x < least || x > most) counts.outside++;
    }
    if (field.kind === "bucketed") writeBuckets(numbers, field, ids, values, start);
    else if (values) writeScaled(numbers, field, ids, values, start);
    return withFilled(counts, field);
  }
}

/** Says how many missing cells another value stands in for. */
function withFilled(counts: CellCounts, { fill }: FieldFit): CellCounts {
  return fill === undefined || counts.missing === 0 ? counts : { ...counts, filled: counts.missing };
}
