/**
 * Encoded rows, column by column.
 *
 * @module
 */
import type { FieldCoverage } from "./coverage.ts";
import { rowsAfterDownsampling } from "./downsample.ts";
import type { DatasetParts } from "./dataset_parts.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { bucketCount } from "./hash_buckets.ts";
import { type Histories, namesInRow, requireHistories, selectHistories } from "./histories.ts";
import { countClasses, type LabelCounts } from "./label.ts";
import { type SplitOptions, splitRows } from "./split.ts";

export type { LabelCounts } from "./label.ts";

/** What rows say of how long something lasted, `[rows]` each. */
export interface Lifetimes {
  /** Weights in the loss, at least 0. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Times until the end, or until the row was last seen. */
  readonly times: Float32Array<ArrayBuffer>;
  /** 1 where the end was seen, 0 for a censored row. */
  readonly events: Float32Array<ArrayBuffer>;
}

/** Rows encoded with a fitted schema: row numbers, values and labels. */
export class Dataset {
  /** Schema that the rows are encoded with. */
  readonly schema: FittedSchema;
  /** Number of rows. */
  readonly rows: number;
  /** Rows of the flat row space `[F, rows]`, field-major: `ids[f * rows + r]` is in 0 .. schema.rowCount - 1. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Values of the occurrences `[F, rows]`, field-major; absent when all are 1. */
  readonly values: Float32Array<ArrayBuffer> | undefined;
  /** Lists of values, one for each group of sequences of the schema. */
  readonly histories: readonly Histories[];
  /**
   * Labels `[rows]`, 0 or 1; all 0 when {@linkcode Dataset.labeled} is false. Where the schema has several, `[T, rows]`
   * in its order, and -1 for a label that a row lacks. Where labels are times, the tasks are intervals: 1 where the end
   * came in one, -1 where that is not known; three more rows hold the weight, the time and whether the end was seen.
   */
  readonly labels: Float32Array<ArrayBuffer>;
  /** Whether the labels were read. */
  readonly labeled: boolean;
  /** Times `[rows]`, where the schema names a column of them. */
  readonly times: Float64Array<ArrayBuffer> | undefined;
  /**
   * Missing and unseen values by field, as they were counted while reading; parts of a data set do not inherit it. In
   * training data, unseen values are those that are too rare for a row of their own.
   */
  readonly coverage: readonly FieldCoverage[] | undefined;
  /** Share of the negative rows that {@linkcode Dataset.downsampleNegatives} kept; 1 when nothing was left out. */
  readonly negativeRate: number;
  /** Whether statistics of the past were made of these very rows: parts of them would know the labels of each other. */
  readonly ownPast: boolean;
  /** Malformed rows that were left out while reading; parts of a data set do not inherit it. */
  readonly skipped: number;
  /** File, line and reason of the first 20 of them. */
  readonly skippedReasons: readonly string[];
  /** Rows that were left out while reading because they have no label; parts do not inherit it. */
  readonly missingLabels: number;
  readonly #classes: LabelCounts[] = [];

  /**
   * Takes encoded rows over without copying them.
   *
   * @throws {RangeError} when an array has not the length that the rows and fields ask for
   */
  constructor(parts: DatasetParts) {
    const { schema, rows, ids, values, labels, times, histories = [] } = parts;
    const cells = schema.fields.length * rows;
    requireLength("ids", ids, cells);
    requireLength("values", values, schema.hasValues ? cells : undefined);
    requireLength("labels", labels, schema.labelCount * rows);
    if (times) requireLength("times", times, rows);
    requireHistories(schema.histories, histories, rows);
    this.schema = schema;
    this.rows = rows;
    this.ids = ids;
    this.values = values;
    this.histories = histories;
    this.labels = labels;
    this.labeled = parts.labeled;
    this.times = times;
    this.negativeRate = parts.negativeRate ?? 1;
    this.skipped = parts.skipped ?? 0;
    this.skippedReasons = parts.skippedReasons ?? [];
    this.missingLabels = parts.missingLabels ?? 0;
    this.coverage = parts.coverage;
    this.ownPast = parts.ownPast ?? false;
  }

  /** Number of rows with label 1; of the first label where there are several. */
  get positives(): number {
    return this.classesOf(0).positives;
  }

  /** Returns the labels `[rows]` of a task, by its place in the schema's `tasks`. */
  labelsOf(task: number): Float32Array<ArrayBuffer> {
    return this.labels.subarray(task * this.rows, (task + 1) * this.rows);
  }

  /** All columns of {@linkcode Dataset.labels}, `[rows]` each. */
  get labelColumns(): Float32Array<ArrayBuffer>[] {
    return Array.from({ length: this.schema.labelCount }, (_, i) => this.labelsOf(i));
  }

  /**
   * What the rows say of times: each row's weight, how long it lasted (as float32), and 1 where its end was seen or 0
   * where it is censored; nothing where labels are no times.
   */
  get lifetimes(): Lifetimes | undefined {
    if (!this.schema.survival) return undefined;
    const [weights, times, events] = this.labelColumns.slice(this.schema.tasks.length);
    return { weights, times, events };
  }

  /** Weights of the rows `[rows]`, where the schema names a column of them. */
  get weights(): Float32Array<ArrayBuffer> | undefined {
    return this.schema.weight === undefined ? this.lifetimes?.weights : this.labelsOf(this.schema.tasks.length);
  }

  /** Counts the known labels of a task, and those that are 1. */
  classesOf(task: number): LabelCounts {
    return this.#classes[task] ??= countClasses(this.labelsOf(task));
  }

  /**
   * For each field, rows in the out-of-vocabulary row: those with a value that the training data did not have, or too
   * rarely. There are none in numeric fields, nor in those with hash buckets.
   */
  get outOfVocabulary(): number[] {
    return this.schema.fields.map(({ kind, offset, feature }, f) => {
      if (kind === "numeric" || bucketCount(feature) > 0) return 0;
      let count = 0;
      for (let i = f * this.rows; i < (f + 1) * this.rows; i++) if (this.ids[i] === offset) count++;
      return count;
    });
  }

  /**
   * Returns the values of a sequence in a row, the oldest first; undefined for one that training did not have. They are
   * what attention weights of `Model.inspect` belong to.
   *
   * @throws {RangeError} when there is no such sequence or row
   */
  valuesOf(sequence: string, row: number): (string | undefined)[] {
    if (!(Number.isInteger(row) && row >= 0 && row < this.rows)) {
      throw new RangeError(`Cannot name values: there are rows 0 to ${this.rows - 1}, received ${row}`);
    }
    return namesInRow(this.schema.histories, this.histories, sequence, row);
  }

  /**
   * Divides the rows into parts of the given fractions, which sum to 1.
   *
   * | options | which rows go where | order within a part |
   * | --- | --- | --- |
   * | `{ seed }` | at random; same seed, same parts | as here |
   * | `{ by: "label", seed }` | at random, each label by the fractions to within a row | as here |
   * | `{ by: "group", column, seed }` | at random, rows of one value of the categorical field in one part | as here |
   * | `{ by: "position" }` | first rows first | as here |
   * | `{ by: "<column>" }` | earliest first; rows of equal time stay together, in the earlier part | by time |
   *
   * The last column is the declared time, or a numeric feature without buckets, which float32 must tell apart. Groups
   * meet the fractions as nearly as whole groups allow: `rows` of the parts says how nearly.
   *
   * @throws {RangeError} when the fractions do not sum to 1, a part would be empty, or there is no such column
   * @throws {TypeError} when statistics of the past were made of all rows: `readDataSplit` divides them first
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * import { zipfDataset } from "./synthetic.ts";
   *
   * const [training, validation] = zipfDataset({ rows: 100, fields: 3, totalRows: 60, seed: 1 }).split([0.9, 0.1], { seed: 1 });
   * assert.deepEqual([training.rows, validation.rows], [90, 10]);
   * ```
   */
  split(fractions: readonly number[], options: SplitOptions): Dataset[] {
    return splitRows(this, fractions, options).map((indices) => this.select(indices));
  }

  /**
   * Copies the rows `[from, to)`.
   *
   * @throws {RangeError} when they are not within the rows there are
   */
  slice(from: number, to: number): Dataset {
    if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= this.rows)) {
      throw new RangeError(`Cannot slice data set: rows must be within 0 .. ${this.rows}, received ${from} .. ${to}`);
    }
    const rows = to - from;
    const ids = new Uint32Array(this.schema.fields.length * rows);
    const values = this.values && new Float32Array(ids.length);
    for (let f = 0; f < this.schema.fields.length; f++) {
      const [start, end] = [f * this.rows + from, f * this.rows + to];
      ids.set(this.ids.subarray(start, end), f * rows);
      if (values) values.set(this.values!.subarray(start, end), f * rows);
    }
    const histories = this.histories.map((lists) => selectHistories(lists, rows, (place) => from + place));
    const labels = new Float32Array(this.schema.labelCount * rows);
    this.labelColumns.forEach((column, i) => labels.set(column.subarray(from, to), i * rows));
    return this.#part({ rows, ids, values, histories, labels, times: this.times?.slice(from, to) });
  }

  /**
   * Copies the rows at `indices`, in that order.
   *
   * @throws {RangeError} when an index is not below the number of rows
   */
  select(indices: Uint32Array): Dataset {
    const rows = indices.length;
    for (const index of indices) {
      if (index >= this.rows) {
        throw new RangeError(`Cannot select rows: index must be below ${this.rows}, received ${index}`);
      }
    }
    const ids = new Uint32Array(this.schema.fields.length * rows);
    const values = this.values && new Float32Array(ids.length);
    for (let f = 0; f < this.schema.fields.length; f++) {
      const [from, to] = [f * this.rows, f * rows];
      for (let r = 0; r < rows; r++) ids[to + r] = this.ids[from + indices[r]];
      if (values) { for (let r = 0; r < rows; r++) values[to + r] = this.values![from + indices[r]]; }
    }
    const labels = new Float32Array(this.schema.labelCount * rows);
    this.labelColumns.forEach((column, i) => {
      for (let r = 0; r < rows; r++) labels[i * rows + r] = column[indices[r]];
    });
    const times = this.times && new Float64Array(rows);
    if (times) { for (let r = 0; r < rows; r++) times[r] = this.times![indices[r]]; }
    const histories = this.histories.map((lists) => selectHistories(lists, rows, (place) => indices[place]));
    return this.#part({ rows, ids, values, histories, labels, times });
  }

  /**
   * Leaves out negative rows at random, all positive ones stay: training is faster where negatives abound, and a model that
   * is trained on the rest knows that it was: its probabilities are those of all rows, q = p / (p + (1 - p) / rate).
   *
   * @param rate share of the negative rows to keep, in (0, 1]
   * @throws {TypeError} when the rows have no labels, or several, or labels are times
   * @throws {RangeError} when the rate is out of its range
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * import { zipfDataset } from "./synthetic.ts";
   *
   * const data = zipfDataset({ rows: 1000, fields: 3, totalRows: 60, seed: 1 });
   * const fewer = data.downsampleNegatives(0.2, { seed: 1 });
   * assert.equal(fewer.positives, data.positives);
   * assert.equal(fewer.rows - fewer.positives, Math.round(0.2 * (data.rows - data.positives)));
   * ```
   */
  downsampleNegatives(rate: number, { seed }: { seed: number }): Dataset {
    return this.select(rowsAfterDownsampling(this, rate, seed)).#withRate(rate * this.negativeRate);
  }

  /**
   * Writes the data set with its schema to one file, which {@linkcode Dataset.load} reads much faster than text. The
   * path holds the old file or the whole new one, whenever the process stops.
   *
   * @throws {Error} when the file cannot be written
   */
  async save(path: string): Promise<void> {
    // Imported on use, because files need Deno and the rest of this module does not.
    const { saveDataset } = await import("./dataset_file.ts");
    await saveDataset(path, this);
  }

  /**
   * Reads a data set that {@linkcode Dataset.save} wrote.
   *
   * @throws {SyntaxError} when the file is damaged or is something else
   */
  static async load(path: string): Promise<Dataset> {
    const { loadDataset } = await import("./dataset_file.ts");
    return new Dataset(await loadDataset(path));
  }

  #withRate(negativeRate: number): Dataset {
    return new Dataset({ ...this, negativeRate });
  }

  #part(parts: Omit<DatasetParts, "schema" | "labeled">): Dataset {
    const { schema, labeled, negativeRate, ownPast } = this;
    return new Dataset({ schema, labeled, negativeRate, ownPast, ...parts });
  }
}

function requireLength(name: string, array: { length: number } | undefined, expected: number | undefined): void {
  if (array?.length !== expected) {
    throw new RangeError(
      `Cannot build data set: ${name} must have ${expected ?? "no"} numbers, received ${array?.length ?? "none"}`,
    );
  }
}
