/**
 * Reading lines of JSON into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { columnsOf } from "./derived/derivation.ts";
import { featuresOf, FittedSchema } from "./fitted_schema.ts";
import { formatNames, formatText, formatValue } from "./format.ts";
import { onlyPart, PartCut } from "./part_cut.ts";
import { type RejectionOptions, requireRejectionOptions, type RowFault } from "./rejections.ts";
import { isRow, type Row, RowReader, valueOf } from "./row_cells.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { createDecoder, nameSource, readLines, type Source } from "./source.ts";
import { listSources, type Partition, partitionsOf } from "./source_list.ts";
import type { RowWatcher } from "./watcher.ts";

/** Options of {@linkcode readJsonLines}. */
export interface ReadJsonLinesOptions extends RejectionOptions {
  /** Whether to read the label. Only a fitted schema can do without. @default {true} */
  labeled?: boolean;
  /** What to do about a key that is no column of the schema: nothing, or take the line as malformed. @default {"ignore"} */
  unknown?: "error" | "ignore";
  /** Texts that stand for a missing value. A fitted schema brings those of its training data. @default {[""]} */
  missing?: readonly string[];
  /** Whether blanks around texts are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
  /** Most rows to read, over all files. @default {all} */
  limit?: number;
  /** Label of the text encoding, as `TextDecoder` knows it. @default {"utf-8"} */
  encoding?: string;
}

const OPTIONS: readonly (keyof ReadJsonLinesOptions)[] = [
  ...["labeled", "unknown", "missing", "trim", "limit", "encoding", "onBadRow", "onMissingLabel"] as const,
];

/**
 * Reads JSON lines, plain or gzip, into a data set: an object a line, whose keys are the columns. A declared schema is
 * fitted to these rows; a fitted one is used as it is. Values are those that `readRows` takes, and a sequence is a list
 * of them, or a text with separators. A key left out stands for a missing value, or an empty sequence.
 *
 * A malformed line is no object, or has a value of another type, or one that its column does not take. An integer
 * beyond 2^53 is malformed as a name, because reading JSON has rounded it: write such ids as texts. Blank lines are no
 * rows.
 *
 * @throws {SyntaxError} when a line is malformed or has no label, or the text is not what the encoding says
 * @throws {RangeError} when a column of a declared schema is in no line, there is no row to fit to, or labels are of
 * more than two texts
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {Error} when a file cannot be opened
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, sequence } from "./schema.ts";
 *
 * const lines = ['{"click": 1, "item": "a", "history": ["b", "a"]}', '{"click": 0, "item": "b"}'];
 * const schema = { label: "click", features: [categorical("item"), sequence("history", { of: "item" })] };
 * const data = await readJsonLines(new File([lines.join("\n")], "clicks.jsonl"), schema);
 * assert.deepEqual([...data.histories[0].offsets], [0, 2, 2]);
 * ```
 */
export async function readJsonLines(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadJsonLinesOptions = {},
): Promise<Dataset> {
  return await readJsonLinesWatched(source, schema, options);
}

/** Reads as {@linkcode readJsonLines} does, and tells a watcher of each row. */
export async function readJsonLinesWatched(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadJsonLinesOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  requireJsonOptions(schema, options);
  return await readObjects(source, schema, options, watcher);
}

/** Reads as {@linkcode readJsonLinesWatched} does, with options that are known to be good. */
export async function readObjects(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadJsonLinesOptions,
  watcher?: RowWatcher,
): Promise<Dataset> {
  return await onlyPart(readObjectParts(source, schema, options, watcher));
}

/** Reads as {@linkcode readObjects} does, in parts of at most so many rows; only a fitted schema can do that. */
export async function* readObjectParts(
  source: Source | readonly Source[],
  schema: Schema | FittedSchema,
  options: ReadJsonLinesOptions,
  watcher?: RowWatcher,
  partRows = Infinity,
): AsyncGenerator<Dataset> {
  const sources = await listSources(source);
  const reading = new Reading(schema, options, watcher, partRows);
  for (const one of sources) {
    yield* reading.readSource(one);
    if (reading.isFull) break;
  }
  yield* reading.finish(sources);
}

/** Tells whether a source holds JSON lines, by its name. */
export function isJsonLines(source: Source): boolean {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(nameSource(source));
}

/** Rows under way from files to a data set. */
class Reading {
  readonly #schema: Schema | FittedSchema;
  readonly #options: ReadJsonLinesOptions;
  readonly #watcher: RowWatcher | undefined;
  readonly #part: PartCut;
  readonly #unseen: Set<string>;
  #builder: DatasetBuilder | undefined;
  #reader: RowReader | undefined;
  #keys: readonly string[] = [];
  #isTimed: boolean | undefined;

  constructor(
    schema: Schema | FittedSchema,
    options: ReadJsonLinesOptions,
    watcher: RowWatcher | undefined,
    partRows: number,
  ) {
    this.#schema = schema;
    this.#options = options;
    this.#watcher = watcher;
    this.#part = new PartCut(options, partRows);
    // A column that no line has is a wrong name; a fitted schema shows it as missing values.
    const columns = schema instanceof FittedSchema ? [] : featuresOf(schema).flatMap(columnsOf);
    this.#unseen = new Set(columns);
  }

  /** Whether no more rows are wanted. */
  get isFull(): boolean {
    const { limit = Infinity } = this.#options;
    return this.#part.stored(this.#builder) >= limit;
  }

  /** Reads a file until no more rows are wanted; yields the parts that become whole. */
  async *readSource(source: Source): AsyncGenerator<Dataset> {
    const { encoding = "utf-8" } = this.#options;
    const file = nameSource(source);
    const partitions = partitionsOf(source);
    for await (const { line, lines } of readLines(source, encoding)) {
      for (let i = 0; i < lines.length; i++) {
        if (lines[i].trim() === "") continue;
        if (this.isFull) return;
        this.#take(file, line + i, lines[i], partitions);
        if (this.#part.count()) yield this.#part.end(this.#builder ??= this.#begin({}));
      }
    }
  }

  /** Yields the rows read since the last part, where there are any or no part was yielded. */
  *finish(sources: readonly Source[]): Generator<Dataset> {
    if (this.#part.isIdle) return;
    const builder = this.#builder ?? this.#begin({});
    const names = sources.map((source) => `"${nameSource(source)}"`).join(", ");
    if (this.#schema instanceof FittedSchema) return yield this.#part.end(builder);
    if (builder.rows === 0) {
      throw new RangeError(
        `Cannot read ${names}: there must be a row to fit to, received none${this.#part.rejections.excuse}`,
      );
    }
    const [absent] = this.#unseen;
    if (absent !== undefined) {
      throw new RangeError(`Cannot read ${names}: no line has "${absent}", received keys ${formatNames(this.#keys)}`);
    }
    yield this.#part.end(builder);
  }

  /** Stores a row, or refuses it, or leaves it out and counts it. */
  #take(file: string, line: number, text: string, partitions: readonly Partition[]): void {
    const row = addPartitions(parseRow(text), partitions);
    const fault = isRow(row)
      ? this.#add(row)
      : { reason: row ?? `expected a JSON object, received ${formatText(text)}` };
    if (fault) this.#part.rejections.take(fault, `"${file}" line ${line}`, `${file}:${line}`);
    if (!this.#watcher) return;
    const texts = this.#watcher.columns.map((column) => isRow(row) ? showCell(valueOf(row, column)) : "");
    this.#watcher.row({ file, line, texts, fault: fault?.reason });
  }

  #add(row: Row): RowFault | undefined {
    const builder = this.#builder ??= this.#begin(row);
    const cells = this.#reader!.read(row);
    const fault = "fault" in cells ? cells.fault : builder.add(cells);
    if (fault) return fault;
    if (this.#keys.length === 0) this.#keys = Object.keys(row);
    for (const column of this.#unseen) if (Object.hasOwn(row, column)) this.#unseen.delete(column);
  }

  /** Only fitting needs the time: what is predicted may have none, as the first row tells. */
  #begin(first: Row): DatasetBuilder {
    const { labeled = true, unknown = "ignore", missing, trim } = this.#options;
    const { time } = this.#schema;
    const timed = this.#isTimed ??= time !== undefined &&
      (!(this.#schema instanceof FittedSchema) || Object.hasOwn(first, time));
    this.#reader = new RowReader(this.#schema, { labeled, timed, unknown });
    return new DatasetBuilder(this.#schema, { labeled, timed, missing, trim });
  }
}

/** Parses an object; nothing for a text that is none. */
function parseRow(text: string): Row | undefined {
  try {
    const row = JSON.parse(text);
    return isRow(row) ? row : undefined;
  } catch {
    return undefined;
  }
}

/** Puts what the names of the folders hold beside the keys of a row; a key that is there twice is what is wrong. */
function addPartitions(row: Row | undefined, partitions: readonly Partition[]): Row | string | undefined {
  if (row === undefined || partitions.length === 0) return row;
  const twice = partitions.find(({ name }) => Object.hasOwn(row, name));
  if (twice) return `expected a key "${twice.name}" in the row or in the folder's name, received both`;
  return { ...row, ...Object.fromEntries(partitions.map(({ name, text }) => [name, text])) };
}

function showCell(value: ReturnType<typeof valueOf>): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value ?? "");
}

/**
 * Checks the options against the schema.
 *
 * @throws {TypeError} when an option is unknown or does not go with the schema
 * @throws {RangeError} when a value is out of its range
 */
export function requireJsonOptions(schema: Schema | FittedSchema, options: ReadJsonLinesOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key as keyof ReadJsonLinesOptions)) {
      throw new TypeError(`Cannot read data: options are ${OPTIONS.join(", ")}, received "${key}"`);
    }
  }
  const { missing, labeled, unknown = "ignore", limit = Infinity, encoding = "utf-8" } = options;
  const fitted = schema instanceof FittedSchema;
  if (!fitted) parseSchema(schema);
  if (unknown !== "error" && unknown !== "ignore") {
    throw new RangeError(`Cannot read data: unknown must be "error" or "ignore", received ${formatValue(unknown)}`);
  }
  if (!(limit > 0)) throw new RangeError(`Cannot read data: limit must be above 0, received ${formatValue(limit)}`);
  createDecoder(encoding);
  requireRejectionOptions(options);
  if (fitted && missing) throw new TypeError("Cannot read data: a fitted schema has its own missing, received another");
  if (!fitted && labeled === false) {
    throw new TypeError("Cannot read data: fitting needs labels, received labeled false");
  }
}
