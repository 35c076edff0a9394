/**
 * Columns of statistics of the past: texts go in, and out of them, the labels and the times come the numbers of a numeric
 * column.
 *
 * @module
 */
import type { CellCounts, Column, RowContext } from "../columns.ts";
import type { FieldFit, FittedField } from "../fitted_schema.ts";
import { InternedCells } from "../interned_cells.ts";
import { MappedTexts } from "../mapped_texts.ts";
import type { CodedCells } from "../text_pool.ts";
import type { CellForm } from "../text_rules.ts";
import { type PastFit, pastOf, statisticsOf } from "./past_fit.ts";
import { continuePast, type RunRows } from "./past_run.ts";

/** A column of statistics under fitting, or under growing: the numbers are made when all rows are there. */
export class PastColumn implements Column {
  readonly #feature: FieldFit["feature"];
  readonly #numbers: Column;
  readonly #before: PastFit | undefined;
  readonly #values = new InternedCells(new Set());
  #text: string | undefined;
  #past: PastFit | undefined;

  /**
   * @param numbers column that takes the statistics
   * @param before what is known of the rows before these
   */
  constructor(feature: FieldFit["feature"], numbers: Column, before?: PastFit) {
    this.#feature = feature;
    this.#numbers = numbers;
    this.#before = before;
  }

  offer(text: string | undefined): undefined {
    this.#text = text;
  }

  store(): void {
    this.#values.push(this.#text);
  }

  offerBlock(cells: CodedCells, form: CellForm): void {
    this.#values.offerBlock(cells, form);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    this.#values.storeBlock(kept, count);
  }

  learn({ labels, tasks, times }: RowContext): void {
    const { values, texts } = inOrder(this.#values, this.#before?.values ?? []);
    const from = pastOf(this.#feature)!;
    const task = Math.max(0, tasks.indexOf(from.label ?? tasks[0]));
    const { numbers, past } = continuePast(
      this.#feature.name,
      from,
      {
        ...{ values, times, texts },
        labels: labels.subarray(task * values.length, (task + 1) * values.length),
      },
      this.#before,
    );
    this.#past = past;
    for (const number of numbers) storeNumber(this.#numbers, number);
  }

  get numbers(): Float64Array | undefined {
    return this.#numbers.numbers;
  }

  fillIn(fills: Float64Array): void {
    this.#numbers.fillIn?.(fills);
  }

  fit(): FieldFit {
    return { ...this.#numbers.fit(), past: this.#past };
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    return this.#numbers.write(field, ids, values, start);
  }
}

/** A column of statistics as a fitted schema knows them. */
export class FittedPastColumn implements Column {
  readonly #field: FittedField;
  readonly #numbers: Column;
  readonly #statisticOf: (value: string) => number;
  readonly #texts = new MappedTexts((text) => this.#numberOf(text));

  /** @param numbers column that takes the statistics */
  constructor(field: FittedField, numbers: Column) {
    this.#field = field;
    this.#numbers = numbers;
    this.#statisticOf = statisticsOf(field);
  }

  offer(text: string | undefined): string | undefined {
    return this.#numbers.offer(this.#numberOf(text), 1);
  }

  store(): void {
    this.#numbers.store();
  }

  offerBlock(cells: CodedCells, form: CellForm, refused: Uint8Array): void {
    this.#numbers.offerBlock(this.#texts.map(cells, refused), form, refused);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    this.#numbers.storeBlock(kept, count);
  }

  #numberOf(text: string | undefined): string | undefined {
    return text === undefined ? undefined : textOfNumber(this.#statisticOf(text));
  }

  get numbers(): Float64Array | undefined {
    return this.#numbers.numbers;
  }

  fillIn(fills: Float64Array): void {
    this.#numbers.fillIn?.(fills);
  }

  fit(): FieldFit {
    return this.#field;
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    return this.#numbers.write(field, ids, values, start);
  }
}

/** Returns a number as a cell of a column of numbers; the text of a number stands for no other one. */
function textOfNumber(number: number): string | undefined {
  return Number.isNaN(number) ? undefined : String(number);
}

/**
 * Numbers the values of all rows anew, those known before first and others as they occur: in blocks, values become known in
 * another order, and some that are in no row.
 */
function inOrder({ codes, interner }: InternedCells, known: readonly string[]): Pick<RunRows, "texts" | "values"> {
  const all = [...interner.texts];
  const texts = [...known];
  const places = new Map(known.map((text, place) => [text, place + 1]));
  const placeOf = Uint32Array.from([0, ...all.map((text) => places.get(text) ?? 0)]);
  const values = codes.drain();
  for (let row = 0; row < values.length; row++) {
    const code = values[row];
    if (code > 0 && placeOf[code] === 0) placeOf[code] = texts.push(all[code - 1]);
    values[row] = placeOf[code];
  }
  return { texts, values };
}

function storeNumber(column: Column, number: number): void {
  const wrong = column.offer(textOfNumber(number), 1);
  if (wrong !== undefined) throw new RangeError(`Cannot fit a statistic of the past: ${wrong}`);
  column.store();
}
