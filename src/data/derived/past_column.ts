/**
 * Columns of statistics of the past: texts go in, and out of them, the labels and the times come the numbers of a numeric
 * column.
 *
 * @module
 */
import type { CellCounts, Column, RowContext } from "../columns.ts";
import type { FieldFit, FittedField } from "../fitted_schema.ts";
import { growU32 } from "../growable.ts";
import { Interner } from "../vocabulary.ts";
import { type PastFit, pastOf, statisticsOf } from "./past_fit.ts";
import { continuePast } from "./past_run.ts";

/** A column of statistics under fitting, or under growing: the numbers are made when all rows are there. */
export class PastColumn implements Column {
  readonly #feature: FieldFit["feature"];
  readonly #numbers: Column;
  readonly #before: PastFit | undefined;
  readonly #values = new Interner();
  // 0 is a missing value, k + 1 the value with code k.
  readonly #codes = growU32();
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
    for (const value of before?.values ?? []) this.#values.codeOf(value);
  }

  offer(text: string | undefined): undefined {
    this.#text = text;
  }

  store(): void {
    this.#codes.push(this.#text === undefined ? 0 : this.#values.add(this.#text) + 1);
  }

  learn({ labels, tasks, times }: RowContext): void {
    const values = this.#codes.drain();
    const from = pastOf(this.#feature)!;
    const task = Math.max(0, tasks.indexOf(from.label ?? tasks[0]));
    const { numbers, past } = continuePast(
      this.#feature.name,
      from,
      {
        ...{ values, times, texts: [...this.#values.texts] },
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

  /** @param numbers column that takes the statistics */
  constructor(field: FittedField, numbers: Column) {
    this.#field = field;
    this.#numbers = numbers;
    this.#statisticOf = statisticsOf(field);
  }

  offer(text: string | undefined): string | undefined {
    return offerNumber(this.#numbers, text === undefined ? NaN : this.#statisticOf(text));
  }

  store(): void {
    this.#numbers.store();
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

/** Offers a number to a column of numbers, whose cells are texts; the text of a number stands for no other one. */
function offerNumber(column: Column, number: number): string | undefined {
  return column.offer(Number.isNaN(number) ? undefined : String(number), 1);
}

function storeNumber(column: Column, number: number): void {
  const wrong = offerNumber(column, number);
  if (wrong !== undefined) throw new RangeError(`Cannot fit a statistic of the past: ${wrong}`);
  column.store();
}
