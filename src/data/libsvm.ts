/**
 * Reading files of libsvm, libfm and libffm into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { cutTokens, RowParser } from "./libsvm_row.ts";
import { onlyPart, PartCut } from "./part_cut.ts";
import { type RejectionOptions, requireRejectionOptions, type RowFault } from "./rejections.ts";
import { categorical, parseSchema, type Schema } from "./schema.ts";
import { nameSource, readLines, type Source } from "./source.ts";
import { listSources } from "./source_list.ts";
import type { RowWatcher } from "./watcher.ts";

/** Options of {@linkcode readLibsvm}. */
export interface ReadLibsvmOptions extends RejectionOptions {
  /** Schema fitted to the training data; without it, vocabularies are fitted to this data. */
  schema?: FittedSchema;
  /** Names of the fields. @default {f0, f1, ...; as many as a row has} */
  fields?: readonly string[];
  /** Number that cuts labels in two: those above it mean 1. A fitted schema brings its own. @default {none} */
  threshold?: number;
  /** Whether to read the label; otherwise a first token without colon is passed over. @default {true} */
  labeled?: boolean;
  /** Most rows to read, over all files. @default {all} */
  limit?: number;
}

const OPTIONS: readonly (keyof ReadLibsvmOptions)[] = [
  "schema",
  "fields",
  "threshold",
  "onBadRow",
  "onMissingLabel",
  "labeled",
  "limit",
];

/**
 * Reads rows of tokens, plain or gzip, into a data set with one categorical field per token of a row.
 *
 * | line | field of a token |
 * | --- | --- |
 * | `label id:value id:value ...` | its position: all rows must have the same number of tokens |
 * | `label field:id:value ...` | the number in front, from 0; a field that a row lacks is missing |
 *
 * Labels are 1, and 0 or -1, or numbers on both sides of a threshold. Ids may be numbered over all fields together or
 * within each; they are values of the field and get rows by their count, as in any categorical field. Values other than
 * 1 multiply the rows. Text from `#` on is a comment.
 *
 * @throws {SyntaxError} when a row is malformed
 * @throws {RangeError} when there is no row to fit to, or labels are of more than two values
 * @throws {TypeError} when an option is unknown, or both fields and a schema are given
 * @throws {Error} when a file cannot be opened
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const data = await readLibsvm(new File(["-1 12:1 40:1\n1 12:1 41:1\n"], "train.libfm"), { fields: ["user", "item"] });
 * assert.deepEqual([data.rows, data.positives, data.schema.rowCount], [2, 1, 5]);
 * ```
 */
export async function readLibsvm(
  source: Source | readonly Source[],
  options: ReadLibsvmOptions = {},
): Promise<Dataset> {
  return await readLibsvmWatched(source, options);
}

/** Reads as {@linkcode readLibsvm} does, and tells a watcher of each row. */
export async function readLibsvmWatched(
  source: Source | readonly Source[],
  options: ReadLibsvmOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  return await onlyPart(readLibsvmParts(source, options, watcher));
}

/** Reads as {@linkcode readLibsvmWatched} does, in parts of at most so many rows; only a fitted schema can do that. */
export async function* readLibsvmParts(
  source: Source | readonly Source[],
  options: ReadLibsvmOptions,
  watcher?: RowWatcher,
  partRows = Infinity,
): AsyncGenerator<Dataset> {
  requireOptions(options);
  const sources = await listSources(source);
  const reading = new Reading(options, watcher, partRows);
  for (const one of sources) {
    yield* reading.readSource(one);
    if (reading.isFull) break;
  }
  yield* reading.finish(sources);
}

/** Rows under way from files to a data set. */
class Reading {
  readonly #options: ReadLibsvmOptions;
  readonly #watcher: RowWatcher | undefined;
  readonly #part: PartCut;
  readonly #names: readonly string[] | undefined;
  #parser: RowParser | undefined;
  #builder: DatasetBuilder | undefined;
  #fields = 0;

  constructor(options: ReadLibsvmOptions, watcher: RowWatcher | undefined, partRows: number) {
    this.#options = options;
    this.#watcher = watcher;
    this.#names = options.schema?.fields.map((field) => field.name) ?? options.fields;
    this.#part = new PartCut(options, partRows);
  }

  /** Whether no more rows are wanted. */
  get isFull(): boolean {
    const { limit = Infinity } = this.#options;
    return this.#part.stored(this.#builder) >= limit;
  }

  /** Reads a file until no more rows are wanted; yields the parts that become whole. */
  async *readSource(source: Source): AsyncGenerator<Dataset> {
    const file = nameSource(source);
    for await (const { line, lines } of readLines(source, "utf-8")) {
      for (let i = 0; i < lines.length; i++) {
        const tokens = cutTokens(lines[i]);
        if (tokens.length === 0) continue;
        if (this.isFull) return;
        const fault = this.#addRow(tokens);
        if (fault) this.#part.rejections.take(fault, `"${file}" line ${line + i}`, `${file}:${line + i}`);
        this.#watcher?.row({ file, line: line + i, texts: [], fault: fault?.reason });
        if (this.#part.count()) yield this.#part.end(this.#builder ??= this.#createBuilder([]));
      }
    }
  }

  /** Yields the rows read since the last part, where there are any or no part was yielded. */
  *finish(sources: readonly Source[]): Generator<Dataset> {
    if (this.#part.isIdle) return;
    const { schema } = this.#options;
    const builder = this.#builder ?? (schema && this.#createBuilder([]));
    if (builder && (schema || builder.rows > 0)) return yield this.#part.end(builder);
    const names = sources.map((source) => `"${nameSource(source)}"`).join(", ");
    throw new RangeError(
      `Cannot read ${names}: there must be a row to fit to, received none${this.#part.rejections.excuse}`,
    );
  }

  #createBuilder(names: readonly string[]): DatasetBuilder {
    const { schema, threshold, labeled = true } = this.#options;
    this.#fields = schema?.fields.length ?? names.length;
    return new DatasetBuilder(schema ?? declare(names, threshold), { labeled, timed: false });
  }

  /** Stores a row, or returns what is wrong with it. The first row that is well formed decides on the form of all. */
  #addRow(tokens: string[]): RowFault | undefined {
    const { labeled = true } = this.#options;
    const label = tokens[0].includes(":") ? undefined : tokens.shift();
    if (labeled && label === undefined) {
      return { reason: `expected a label in front, received ${formatValue(tokens[0])}`, missingLabel: true };
    }
    const parser = this.#parser ?? new RowParser(tokens, this.#names);
    const wrong = parser.parse(tokens);
    if (wrong !== undefined) return { reason: wrong };
    const builder = this.#builder ?? this.#createBuilder(this.#names ?? parser.texts.map((_, f) => `f${f}`));
    const value = builder.readLabel(label);
    // Only a row that is well formed throughout may say which fields there are.
    if (typeof value !== "number") return value;
    this.#builder = builder;
    this.#growTo(parser.texts.length);
    const fault = builder.add({ texts: parser.texts, weights: parser.weights, labels: [value] });
    if (fault === undefined) this.#parser = parser;
    return fault;
  }

  /** Adds the fields that no row had before. */
  #growTo(count: number): void {
    for (; this.#fields < count; this.#fields++) this.#builder!.addField(categorical(`f${this.#fields}`));
  }
}

function declare(names: readonly string[], threshold: number | undefined): Schema {
  const cut = threshold === undefined ? {} : { threshold };
  return { label: "label", ...cut, features: names.map((name) => categorical(name)) };
}

function requireOptions(options: ReadLibsvmOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key as keyof ReadLibsvmOptions)) {
      throw new TypeError(`Cannot read data: options are ${OPTIONS.join(", ")}, received "${key}"`);
    }
  }
  const { schema, fields, threshold, limit = Infinity, labeled } = options;
  if (schema && fields) throw new TypeError("Cannot read data: a schema names its fields, received both");
  if (schema && !(schema instanceof FittedSchema)) {
    throw new TypeError("Cannot read data: schema must be that of a data set, received another");
  }
  if (schema && threshold !== undefined) {
    throw new TypeError("Cannot read data: a fitted schema has its own threshold, received another");
  }
  if (schema?.survival) throw new TypeError("Cannot read data: libsvm files have labels, received a schema of times");
  if (!schema) parseSchema(declare(fields ?? ["f0"], threshold));
  const other = schema?.fields.find(({ kind }) => kind !== "categorical");
  if (other) {
    throw new TypeError(`Cannot read data: fields must be categorical, received ${other.kind} "${other.name}"`);
  }
  if (!schema && labeled === false) {
    throw new TypeError("Cannot read data: fitting needs labels, received labeled false");
  }
  requireRejectionOptions(options);
  if (!(limit > 0)) throw new RangeError(`Cannot read data: limit must be above 0, received ${formatValue(limit)}`);
}
