/**
 * Collects rows of texts into a data set, fitting a schema on the way or encoding with a fitted one.
 *
 * @module
 */
import { type Column, createColumn, createFittedColumn } from "./columns.ts";
import { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { growF32, growF64 } from "./growable.ts";
import { createLabelReader, type LabelReader } from "./label.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { createTimeReader } from "./time.ts";

/** Options of {@linkcode DatasetBuilder}. */
export interface DatasetBuilderOptions {
  /** Texts that stand for a missing value; a fitted schema brings its own. */
  missing?: readonly string[];
  /** Whether rows have labels. */
  labelled: boolean;
  /** Whether rows have times. */
  timed: boolean;
}

/** Cells of a row, in the order of the fields, with what stands beside them. */
export interface Cells {
  /** One text per field; none for a missing value. */
  texts: readonly (string | undefined)[];
  /** Values of the occurrences, where they have any. */
  weights?: readonly number[];
  /** Text of the label, for labelled rows. */
  label?: string;
  /** Text of the time, for timed rows. */
  time?: string;
}

/** How many reasons of skipped rows a data set remembers. */
const REMEMBERED = 20;

/** A data set under construction. */
export class DatasetBuilder {
  readonly #columns: Column[];
  readonly #names: string[];
  readonly #declared: Schema;
  readonly #fitted: FittedSchema | undefined;
  readonly #missing: readonly string[];
  readonly #readLabel: LabelReader | undefined;
  readonly #readTime: ((text: string) => number | string) | undefined;
  readonly #labels = growF32();
  readonly #times = growF64();
  readonly #reasons: string[] = [];
  #rows = 0;
  #skipped = 0;

  constructor(schema: Schema | FittedSchema, options: DatasetBuilderOptions) {
    this.#fitted = schema instanceof FittedSchema ? schema : undefined;
    this.#declared = schema instanceof FittedSchema ? schema.declared() : parseSchema(schema);
    this.#missing = this.#fitted?.missing ?? options.missing ?? [""];
    const missing = new Set(this.#missing);
    this.#names = this.#declared.features.map(({ name }) => name);
    this.#columns = this.#declared.features.map((feature, index) =>
      this.#fitted ? createFittedColumn(this.#fitted, index, missing) : createColumn(feature, missing)
    );
    if (options.labelled) this.#readLabel = createLabelReader(this.#declared);
    if (options.timed) this.#readTime = createTimeReader();
  }

  /** Rows stored. */
  get rows(): number {
    return this.#rows;
  }

  /** The first reasons why rows were skipped. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** Stores a row whole, or stores nothing of it and returns what is wrong with it. */
  add({ texts, weights, label = "", time = "" }: Cells): string | undefined {
    const labelValue = this.#readLabel?.read(label) ?? 0;
    if (typeof labelValue === "string") return `column "${this.#declared.label}": ${labelValue}`;
    const timeValue = this.#readTime?.(time) ?? 0;
    if (typeof timeValue === "string") return `column "${this.#declared.time}": ${timeValue}`;
    for (let index = 0; index < this.#columns.length; index++) {
      const wrong = this.#columns[index].offer(texts[index], weights === undefined ? 1 : weights[index]);
      if (wrong !== undefined) return `field "${this.#names[index]}": ${wrong}`;
    }
    for (const column of this.#columns) column.store();
    this.#labels.push(labelValue);
    if (this.#readTime) this.#times.push(timeValue);
    this.#rows++;
  }

  /** Counts a row that was left out. */
  skip(reason: string): void {
    if (this.#skipped++ < REMEMBERED) this.#reasons.push(reason);
  }

  /**
   * Fits what is to be fitted and returns the data set; the builder is empty afterwards.
   *
   * @throws {RangeError} when there is nothing to fit to, or no label is the positive one
   */
  finish(): Dataset {
    if (!this.#fitted) {
      if (this.#rows === 0) throw new RangeError("Cannot fit schema: there must be a row, received none");
      this.#readLabel?.requirePositive();
    }
    const { features: _, ...declared } = this.#declared;
    const schema = this.#fitted ??
      new FittedSchema({ declared, missing: this.#missing, fields: this.#columns.map((column) => column.fit()) });
    const cells = schema.fields.length * this.#rows;
    const ids = new Uint32Array(cells);
    const values = schema.hasValues ? new Float32Array(cells) : undefined;
    this.#columns.forEach((column, index) => {
      column.write(schema.fields[index], ids, values, index * this.#rows);
    });
    return new Dataset({
      schema,
      rows: this.#rows,
      ids,
      values,
      labels: this.#labels.drain(),
      labelled: this.#readLabel !== undefined,
      times: this.#readTime ? this.#times.drain() : undefined,
      skipped: this.#skipped,
      skippedReasons: this.#reasons,
    });
  }
}
