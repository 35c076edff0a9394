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
import type { PastOf } from "./derivation.ts";
import { statisticsOf } from "./past_fit.ts";
import { type PastStatistics, pastStatistics } from "./past_statistics.ts";

/** A column of statistics under fitting: the numbers are made when all rows are there. */
export class PastColumn implements Column {
  readonly #from: PastOf;
  readonly #numbers: Column;
  readonly #values = new Interner();
  // 0 is a missing value, k + 1 the value with code k.
  readonly #codes = growU32();
  #text: string | undefined;
  #statistics: PastStatistics | undefined;

  /** @param numbers column that takes the statistics */
  constructor(from: PastOf, numbers: Column) {
    this.#from = from;
    this.#numbers = numbers;
  }

  offer(text: string | undefined): undefined {
    this.#text = text;
  }

  store(): void {
    this.#codes.push(this.#text === undefined ? 0 : this.#values.add(this.#text) + 1);
  }

  learn({ labels, tasks, times }: RowContext): void {
    const values = this.#codes.drain();
    const task = Math.max(0, tasks.indexOf(this.#from.label ?? tasks[0]));
    this.#statistics = pastStatistics({
      ...{ values, times, distinct: [...this.#values.texts].length },
      labels: labels.subarray(task * values.length, (task + 1) * values.length),
    }, this.#from);
    for (const number of this.#statistics.numbers) storeNumber(this.#numbers, number);
  }

  get numbers(): Float64Array | undefined {
    return this.#numbers.numbers;
  }

  fillIn(fills: Float64Array): void {
    this.#numbers.fillIn?.(fills);
  }

  fit(): FieldFit {
    const { rows, clicks, all } = this.#statistics!;
    // Values whose rows are all out of the window are as good as new.
    const kept = [...this.#values.texts].map((text, i) => ({ text, i })).filter(({ i }) => rows[i] > 0);
    return {
      ...this.#numbers.fit(),
      past: {
        values: kept.map(({ text }) => text),
        rows: kept.map(({ i }) => rows[i]),
        clicks: kept.map(({ i }) => clicks[i]),
        all: [all.rows, all.clicks],
      },
    };
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
