/**
 * Collects the labels of rows: of one column or several, or of times.
 *
 * @module
 */
import { labelColumns, labelCount, taskNames } from "./declared_labels.ts";
import { type Growable, growF32 } from "./growable.ts";
import { makeF32 } from "./large_arrays.ts";
import { createLabelReader, type LabelReader, UNKNOWN_LABEL } from "./label.ts";
import type { RowFault } from "./rejections.ts";
import type { Schema } from "./schema.ts";
import { readAmount } from "./amount.ts";
import { SurvivalReader } from "./survival_labels.ts";
import type { CodedCells } from "./text_pool.ts";

/** Labels of a row: texts of the columns, or numbers that were read before. */
export type LabelCells = readonly (string | number | undefined)[];

/** Labels under construction. */
export class RowLabels {
  readonly #columns: readonly string[];
  readonly #weight: string | undefined;
  readonly #missing: ReadonlySet<string>;
  readonly #readers: readonly LabelReader[];
  readonly #survival: SurvivalReader | undefined;
  readonly #stored: readonly Growable<Float32Array<ArrayBuffer>>[];
  /** Labels of the row that is offered. */
  #offered: readonly number[];
  readonly #positives: number[];
  /** Labels of rows by the number of their text, in each list of texts. */
  readonly #known = new WeakMap<CodedCells["texts"], (readonly number[] | undefined)[]>();

  /**
   * @param labeled whether rows have labels; all are 0 without
   * @param missing texts that stand for a missing value
   */
  constructor(schema: Schema, labeled: boolean, missing: ReadonlySet<string>) {
    const { survival, weight } = schema;
    this.#columns = survival ? labelColumns(schema) : taskNames(schema);
    this.#weight = weight;
    this.#missing = missing;
    if (survival && labeled) this.#survival = new SurvivalReader({ ...schema, survival }, missing);
    const columns = survival || !labeled ? [] : this.#columns;
    this.#readers = this.#survival?.event
      ? [this.#survival.event]
      : columns.map((label) => createLabelReader(schema, label, missing));
    this.#stored = Array.from({ length: labelCount(schema) }, () => growF32());
    this.#offered = this.#stored.map(() => 0);
    this.#positives = this.#readers.map(() => 0);
  }

  /** Text of the label that means 0, declared or found; nothing for labels that are numbers. */
  get negative(): string | undefined {
    return this.#readers[0]?.negative;
  }

  /** Reads the label of a task, or returns what is wrong with it; 0 for rows without labels. */
  read(text: string | undefined, task: number): number | RowFault {
    const value = this.#readers[task]?.read(text) ?? 0;
    if (typeof value === "number") return value;
    return { ...value, reason: `column "${this.#columns[task]}": ${value.reason}` };
  }

  /** Reads the labels of a row; one that is missing beside a known one is unknown. Returns what is wrong, or nothing. */
  offer(labels: LabelCells): RowFault | undefined {
    if (this.#readers.length === 0) return undefined;
    const given = this.#survival ? this.#offerTimes(this.#survival, labels) : this.#offerLabels(labels);
    if ("reason" in given) return given;
    this.#offered = given;
    return undefined;
  }

  /** Remembers that the row offered last has the label of a row of a block, of one column alone. */
  remember({ texts, codes }: CodedCells, row: number): void {
    if (this.#survival) return;
    let known = this.#known.get(texts);
    if (!known) this.#known.set(texts, known = []);
    known[codes[row]] = this.#offered;
  }

  /** Offers the label of a row of a block again, where one of the same text was remembered; returns whether it was. */
  offerAgain({ texts, codes }: CodedCells, row: number): boolean {
    const offered = this.#known.get(texts)?.[codes[row]];
    if (!offered) return false;
    this.#readers[0]?.readAgain?.(offered[0]);
    this.#offered = offered;
    return true;
  }

  /** Stores what was offered last. */
  store(): void {
    const offered = this.#offered;
    for (let i = 0; i < offered.length; i++) this.#stored[i].push(offered[i]);
    // Of times, the last number is the label of the event.
    const first = this.#survival ? offered.length - 1 : 0;
    for (let i = 0; i < this.#positives.length; i++) if (offered[first + i] === 1) this.#positives[i]++;
  }

  /**
   * Refuses labels that can be told apart only by guessing which two are meant.
   *
   * @throws {RangeError} then
   */
  requireClear(): void {
    for (const reader of this.#readers) reader.requireClear();
  }

  /**
   * Refuses labels among which the declared positive one never occurs.
   *
   * @throws {RangeError} then
   */
  requirePositive(): void {
    this.#readers.forEach((reader, i) => reader.requirePositive(this.#positives[i]));
  }

  /** Returns the labels, label after label; there are none afterwards. */
  drain(): Float32Array<ArrayBuffer> {
    const columns = this.#stored.map((labels) => labels.drain());
    if (columns.length === 1) return columns[0];
    const joined = makeF32(columns.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const column of columns) {
      joined.set(column, at);
      at += column.length;
    }
    return joined;
  }

  #offerTimes(reader: SurvivalReader, labels: LabelCells): readonly number[] | RowFault {
    const known = labels.filter((label) => typeof label === "number");
    return known.length > 0 ? known : reader.read(labels as readonly (string | undefined)[]);
  }

  #offerLabels(labels: LabelCells): readonly number[] | RowFault {
    let missing: RowFault | undefined;
    const values: number[] = [];
    for (let task = 0; task < this.#columns.length; task++) {
      const label = labels[task];
      const value = typeof label === "number" ? label : this.read(label, task);
      if (typeof value !== "number") {
        if (!value.missingLabel) return value;
        missing ??= value;
      }
      values.push(typeof value === "number" ? value : UNKNOWN_LABEL);
    }
    if (missing && values.every((value) => value === UNKNOWN_LABEL)) return missing;
    if (this.#weight === undefined) return values;
    const given = labels[this.#columns.length];
    const weight = typeof given === "number" ? given : readAmount(this.#weight, given, this.#missing);
    return typeof weight === "number" ? [...values, weight] : weight;
  }
}
