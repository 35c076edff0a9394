/**
 * Collects rows of texts into a data set, fitting a schema on the way or encoding with a fitted one.
 *
 * @module
 */
import { type Column, createColumn, createFittedColumn } from "./columns.ts";
import { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { type Growable, growF32, growF64 } from "./growable.ts";
import { createLabelReader, type LabelReader, UNKNOWN_LABEL } from "./label.ts";
import type { Rejections, RowFault } from "./rejections.ts";
import { type CategoricalFeature, labelColumns, parseSchema, type Schema } from "./schema.ts";
import { type SequenceCell, SequenceColumns } from "./sequence_column.ts";
import { createTimeReader } from "./time.ts";

/** Options of {@linkcode DatasetBuilder}. */
export interface DatasetBuilderOptions {
  /** Texts that stand for a missing value; a fitted schema brings its own. */
  missing?: readonly string[];
  /** Whether blanks around texts are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
  /** Whether rows have labels. */
  labeled: boolean;
  /** Whether rows have times. */
  timed: boolean;
}

/** Cells of a row, in the order of the features, with what stands beside them. */
export interface Cells {
  /** One text per field, then one per sequence or a list; none for a missing value. */
  texts: readonly SequenceCell[];
  /** Values of the occurrences, where they have any. */
  weights?: readonly number[];
  /** Text of each label, for labeled rows; a number is one that was read before. */
  labels?: readonly (string | number | undefined)[];
  /** Text of the time, for timed rows. */
  time?: string;
}

/** A data set under construction. */
export class DatasetBuilder {
  readonly #columns: Column[];
  readonly #sequences: SequenceColumns;
  readonly #names: string[];
  #declared: Schema;
  readonly #fitted: FittedSchema | undefined;
  readonly #missing: readonly string[];
  readonly #missingTexts: ReadonlySet<string>;
  readonly #trim: boolean;
  readonly #tasks: readonly string[];
  readonly #labelReaders: readonly LabelReader[] | undefined;
  readonly #readTime: ((text: string) => number | string) | undefined;
  readonly #labels: readonly Growable<Float32Array<ArrayBuffer>>[];
  /** Labels of the row that is offered. */
  readonly #offered: number[];
  readonly #times = growF64();
  #rows = 0;
  readonly #positives: number[];

  constructor(schema: Schema | FittedSchema, options: DatasetBuilderOptions) {
    this.#fitted = schema instanceof FittedSchema ? schema : undefined;
    this.#declared = schema instanceof FittedSchema ? schema.declared() : parseSchema(schema);
    this.#missing = this.#fitted?.missing ?? options.missing ?? [""];
    this.#trim = options.trim ?? this.#fitted?.trim ?? false;
    this.#missingTexts = new Set(this.#missing);
    const fields = this.#declared.features.filter((feature) => feature.kind !== "sequence");
    const sequences = this.#declared.features.filter((feature) => feature.kind === "sequence");
    this.#names = fields.map(({ name }) => name);
    this.#columns = fields.map((feature, index) =>
      this.#fitted
        ? createFittedColumn(this.#fitted, index, this.#missingTexts)
        : createColumn(feature, this.#missingTexts)
    );
    this.#sequences = new SequenceColumns(sequences, this.#missingTexts, this.#trim);
    this.#tasks = labelColumns(this.#declared);
    if (options.labeled) {
      this.#labelReaders = this.#tasks.map((task) => createLabelReader(this.#declared, task, this.#missingTexts));
    }
    this.#labels = this.#tasks.map(() => growF32());
    this.#positives = this.#tasks.map(() => 0);
    this.#offered = this.#tasks.map(() => 0);
    if (options.timed) this.#readTime = createTimeReader();
  }

  /** Rows stored. */
  get rows(): number {
    return this.#rows;
  }

  /** Reads the label of a task, or returns what is wrong with it; 0 for rows without labels. */
  readLabel(text: string | undefined, task = 0): number | RowFault {
    const value = this.#labelReaders?.[task].read(this.#bare(text)) ?? 0;
    if (typeof value === "number") return value;
    return { ...value, reason: `column "${this.#tasks[task]}": ${value.reason}` };
  }

  /** Stores a row whole, or stores nothing of it and returns what is wrong with it. */
  add(cells: Cells): RowFault | undefined {
    const { texts, weights, labels = [], time = "" } = cells;
    const fault = this.#offerLabels(labels);
    if (fault) return fault;
    const timeValue = this.#readTime?.(this.#bare(time)) ?? 0;
    if (typeof timeValue === "string") return { reason: `column "${this.#declared.time}": ${timeValue}` };
    const fields = this.#columns.length;
    for (let index = 0; index < fields; index++) {
      const text = texts[index] as string | undefined;
      const wrong = this.#columns[index].offer(this.#bare(text), weights === undefined ? 1 : weights[index]);
      if (wrong !== undefined) return { reason: `field "${this.#names[index]}": ${wrong}` };
    }
    const wrong = this.#sequences.offer((index) => texts[fields + index]);
    if (wrong !== undefined) return { reason: wrong };
    for (const column of this.#columns) column.store();
    this.#sequences.store();
    this.#offered.forEach((label, task) => {
      this.#labels[task].push(label);
      if (label === 1) this.#positives[task]++;
    });
    if (this.#readTime) this.#times.push(timeValue);
    this.#rows++;
  }

  /** Appends a field to a schema under fitting; the rows stored so far have no value there. */
  addField(feature: CategoricalFeature): void {
    const column = createColumn(feature, this.#missingTexts);
    for (let row = 0; row < this.#rows; row++) {
      column.offer(undefined, 1);
      column.store();
    }
    this.#columns.push(column);
    this.#names.push(feature.name);
    this.#declared = { ...this.#declared, features: [...this.#declared.features, feature] };
  }

  /**
   * Fits what is to be fitted and returns the data set; the builder is empty afterwards.
   *
   * @param leftOut rows that were left out on the way
   * @throws {RangeError} when there is nothing to fit to, no label is the positive one, or it is unclear which are meant
   */
  finish(leftOut?: Pick<Rejections, "skipped" | "reasons" | "missingLabels">): Dataset {
    for (const reader of this.#labelReaders ?? []) reader.requireClear();
    const schema = this.#fitted ?? this.#fit();
    const cells = schema.fields.length * this.#rows;
    const ids = new Uint32Array(cells);
    const values = schema.hasValues ? new Float32Array(cells) : undefined;
    const coverage = this.#columns.map((column, index) => ({
      name: this.#names[index],
      rows: this.#rows,
      ...column.write(schema.fields[index], ids, values, index * this.#rows),
    }));
    const lists = this.#sequences.write(schema);
    return new Dataset({
      schema,
      rows: this.#rows,
      ids,
      values,
      histories: lists.histories,
      labels: join(this.#labels.map((labels) => labels.drain())),
      labeled: this.#labelReaders !== undefined,
      times: this.#readTime ? this.#times.drain() : undefined,
      coverage: [...coverage, ...lists.coverage],
      skipped: leftOut?.skipped,
      skippedReasons: leftOut?.reasons,
      missingLabels: leftOut?.missingLabels,
    });
  }

  #fit(): FittedSchema {
    if (this.#rows === 0) throw new RangeError("Cannot fit schema: there must be a row, received none");
    this.#labelReaders?.forEach((reader, task) => reader.requirePositive(this.#positives[task]));
    const { features: _, ...declared } = this.#declared;
    const negative = this.#labelReaders?.[0].negative;
    return new FittedSchema({
      declared: { ...declared, ...(negative === undefined ? {} : { negative }) },
      missing: this.#missing,
      trim: this.#trim,
      fields: this.#columns.map((column) => column.fit()),
      sequences: this.#sequences.fit(),
    });
  }

  /** Reads the labels of a row; one that is missing beside a known one is unknown. Returns what is wrong, or nothing. */
  #offerLabels(labels: NonNullable<Cells["labels"]>): RowFault | undefined {
    let known = 0;
    let missing: RowFault | undefined;
    for (let task = 0; task < this.#tasks.length; task++) {
      const label = labels[task];
      const value = typeof label === "number" ? label : this.readLabel(label, task);
      if (typeof value === "number") {
        this.#offered[task] = value;
        if (value !== UNKNOWN_LABEL) known++;
      } else {
        if (!value.missingLabel) return value;
        missing ??= value;
        this.#offered[task] = UNKNOWN_LABEL;
      }
    }
    return known === 0 ? missing : undefined;
  }

  #bare<T extends string | undefined>(text: T): T {
    return this.#trim ? text?.trim() as T : text;
  }
}

/** Puts columns one behind the other. */
function join(columns: readonly Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  if (columns.length === 1) return columns[0];
  const joined = new Float32Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    joined.set(column, at);
    at += column.length;
  }
  return joined;
}
