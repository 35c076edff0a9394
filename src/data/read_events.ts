/**
 * Reading files of events into a data set whose rows have the history of their user.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { ReadCsvOptions } from "./csv_options.ts";
import type { Dataset } from "./dataset.ts";
import { columnsOf, derivationOf } from "./derived/derivation.ts";
import type { FieldCell } from "./derived/derive.ts";
import { pastOf } from "./derived/past_fit.ts";
import { createKeys } from "./event_log.ts";
import { EVENT_KEYS, type EventColumns, type EventOptions, passes, readEventOptions } from "./event_options.ts";
import { type EventWindows, NO_USER, windowsOf } from "./event_windows.ts";
import { featuresOf, FittedSchema } from "./fitted_schema.ts";
import { formatNames } from "./format.ts";
import { keepNames, keptTexts, unpackCell } from "./kept_texts.ts";
import { rowNumbers } from "./random.ts";
import { formOf, isRows, readForm, requireFormOptions } from "./read_data.ts";
import { encodeRows, requireRowsOptions, type Row } from "./rows.ts";
import { parseSchema, type Schema } from "./schema.ts";
import type { Source } from "./source.ts";
import { listSources } from "./source_list.ts";
import { type SplitOptions, splitRows, takeSplitOptions } from "./split.ts";
import { Interner } from "./vocabulary.ts";

/** Rows in memory, or one or more files. */
type EventSource = Source | readonly Source[] | readonly Row[];

/** Options of {@linkcode readEvents}: what the columns of the log mean, and how its files are read. */
export type ReadEventsOptions = EventOptions & ReadCsvOptions;

/** Options of {@linkcode readEventsSplit}: how the rows are divided, and those of {@linkcode readEvents}. */
export type ReadEventsSplitOptions = SplitOptions & ReadEventsOptions;

/**
 * Reads a log in one pass into a data set: each row has the history of its user, as in `sequencesFrom`. The schema
 * declares the lists as sequences of the columns `history` and `history_<column>`. Files are those that
 * `readData` takes by their names; several are one log, in the order given. Rows in memory
 * are a log too.
 *
 * Rows that are left out, as malformed or without a label, enter no history. With a fitted schema and
 * `labeled: false`, a log ends with the rows to predict: their histories are what comes before.
 *
 * @throws {TypeError} when an option is unknown or does not go with the schema, or no sequence is of a list of the log
 * @throws {Error} as `readCsv` and `readJsonLines` do
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, sequence } from "./schema.ts";
 *
 * const log = new File(["click,who,item,at\n1,u,a,1\n0,u,b,2\n1,u,a,3\n"], "log.csv");
 * const schema = { label: "click", features: [categorical("item"), sequence("history", { of: "item" })] };
 * const data = await readEvents(log, schema, { user: "who", item: "item", time: "at", where: { click: 1 } });
 * assert.deepEqual([...data.histories[0].offsets], [0, 0, 1, 2]);
 * ```
 */
export async function readEvents(
  source: Source | readonly Source[] | readonly Row[],
  schema: Schema | FittedSchema,
  options: ReadEventsOptions,
): Promise<Dataset> {
  const log = await readLog(source, schema, options);
  return log.encode(schema, rowNumbers(log.rows), true);
}

/**
 * Reads a log as `readEvents` does, divides its rows as `Dataset.split` does, and fits the schema to the first part
 * alone. Histories know the whole log: that of a test row holds training rows and earlier test rows, as in serving.
 * Divide by position or time, so that no training row is later than a test row.
 *
 * @throws {RangeError} when a part would be empty, the first has no positive label, or there is no column to split by
 * @throws {Error} as `readEvents` does
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, sequence } from "./schema.ts";
 *
 * const log = new File(["click,who,item,at\n1,u,a,1\n0,u,b,2\n1,u,c,3\n"], "log.csv");
 * const schema = { label: "click", features: [categorical("item"), sequence("history", { of: "item" })] };
 * const columns = { user: "who", item: "item", time: "at" };
 * const [training, test] = await readEventsSplit(log, schema, [2 / 3, 1 / 3], { ...columns, by: "position" });
 * assert.deepEqual([training.rows, [...test.histories[0].offsets], test.outOfVocabulary], [2, [0, 2], [1]]);
 * ```
 */
export async function readEventsSplit(
  source: Source | readonly Source[] | readonly Row[],
  schema: Schema,
  fractions: readonly number[],
  options: ReadEventsSplitOptions,
): Promise<Dataset[]> {
  const [by, reading] = takeSplitOptions<ReadEventsOptions>(options);
  const log = await readLog(source, schema, reading);
  const parts = log.split(fractions, by);
  const training = log.encode(schema, parts[0], true);
  return [training, ...parts.slice(1).map((part) => log.encode(training.schema, part, false))];
}

async function readLog(
  source: EventSource,
  schema: Schema | FittedSchema,
  options: ReadEventsOptions,
): Promise<Log> {
  const [ours, others] = splitOptions(options);
  const columns = readEventOptions(ours);
  const plan = planLog(schema, columns);
  const { missing, trim } = schema instanceof FittedSchema ? schema : others;
  const [requireOptions, read] = await readerOf(source);
  requireOptions(schema, others);
  return new Log(plan, await read(plan.probe, { ...others, missing, trim: others.trim ?? trim }));
}

type Reader = [
  requireOptions: (schema: Schema | FittedSchema, options: ReadCsvOptions) => void,
  read: (schema: Schema, options: ReadCsvOptions) => Dataset | Promise<Dataset>,
];

/** Returns how a log is read, with the check of the options that it has. */
async function readerOf(source: EventSource): Promise<Reader> {
  if (isRows(source)) {
    return [requireRowsOptions, (schema, options) => {
      return encodeRows(source, schema, { labeled: true, ...options, unknown: "ignore" });
    }];
  }
  const files = await listSources(source);
  const form = formOf(files);
  if (form === "libsvm") throw new TypeError("Cannot read events: a log must have columns, received libsvm files");
  return [
    (schema, options) => requireFormOptions(form, schema, options),
    (schema, options) => readForm(form, files, schema, options),
  ];
}

function splitOptions(options: ReadEventsOptions): [EventOptions, ReadCsvOptions] {
  const isOurs = (key: string) => (EVENT_KEYS as readonly string[]).includes(key);
  const [ours, others] = [isOurs, (key: string) => !isOurs(key)].map((belongs) =>
    Object.fromEntries(Object.entries(options).filter(([key]) => belongs(key)))
  );
  return [ours as unknown as EventOptions, others as ReadCsvOptions];
}

/** What is read of a log's files. */
interface LogPlan {
  readonly columns: EventColumns;
  /** Most events of a history. */
  readonly maxLength: number;
  /** The fields of the schema, which refuse malformed rows, and the texts of all columns that are needed. */
  readonly probe: Schema;
  /** Columns whose texts are kept, in order. */
  readonly kept: readonly string[];
}

function planLog(schema: Schema | FittedSchema, columns: EventColumns): LogPlan {
  const { user, time, lists, where } = columns;
  const { features, ...declared } = schema instanceof FittedSchema ? schema.declared() : parseSchema(schema);
  if (declared.time !== undefined && declared.time !== time) {
    throw new TypeError(`Cannot read events: time of the schema must be "${time}", received "${declared.time}"`);
  }
  const made = features.filter((feature) => feature.kind === "sequence" && lists.has(feature.column));
  if (made.length === 0) {
    throw new TypeError(
      `Cannot read events: the schema must have a sequence of a column ${
        formatNames([...lists.keys()])
      }, received none`,
    );
  }
  const read = features.filter((feature) => !made.includes(feature)).flatMap(columnsOf);
  const kept = [...new Set([user, ...lists.values(), ...where.map(([column]) => column), ...read])];
  const fields = features.filter((feature) => feature.kind !== "sequence" && pastOf(feature) === undefined);
  const lengths = made.map((feature) => feature.kind === "sequence" ? feature.maxLength : 0);
  return {
    ...{ columns, kept },
    maxLength: columns.maxLength ?? Math.max(...lengths),
    probe: { ...declared, time, features: [...fields, ...kept.map(keepNames)] },
  };
}

/** A log whose rows carry their texts. */
class Log {
  readonly #plan: LogPlan;
  readonly #whole: Dataset;
  readonly #textsOf: ReadonlyMap<string, (row: number) => string | undefined>;
  readonly #windows: EventWindows;

  constructor(plan: LogPlan, whole: Dataset) {
    this.#plan = plan;
    this.#whole = whole;
    const texts = keptTexts(whole, plan.kept.length);
    this.#textsOf = new Map(plan.kept.map((column, k) => [column, texts[k]]));
    this.#windows = this.#findWindows();
  }

  get rows(): number {
    return this.#whole.rows;
  }

  split(fractions: readonly number[], by: SplitOptions): Uint32Array[] {
    return splitRows(this.#whole, fractions, by);
  }

  /** Encodes some rows; `first` of the parts of a log counts the rows that were left out. */
  encode(schema: Schema | FittedSchema, rows: Uint32Array, first: boolean): Dataset {
    const { labeled, times, skipped, skippedReasons: reasons, missingLabels } = this.#whole;
    const { missing, trim, negative } = this.#whole.schema;
    const labels = this.#whole.labelColumns;
    // Some rows may lack the negative label that the whole has.
    const declared = schema instanceof FittedSchema || negative === undefined ? schema : { ...schema, negative };
    const timed = schema.time !== undefined;
    const builder = new DatasetBuilder(declared, { labeled, timed, missing, trim });
    const cells = this.#readCells(schema);
    for (const row of rows) {
      const fault = builder.add({
        texts: cells.map((cellAt) => cellAt(row)),
        labels: labels.map((column) => column[row]),
        time: timed ? String(times![row]) : undefined,
      });
      if (fault) throw new Error(`Cannot encode row ${row} again: ${fault.reason}`);
    }
    return builder.finish(first ? { skipped, reasons, missingLabels } : undefined);
  }

  /** Returns, for each feature, a function from the number of a row to its cell. */
  #readCells(schema: Schema | FittedSchema): ((row: number) => FieldCell)[] {
    const { lists } = this.#plan.columns;
    const [absent = ""] = this.#whole.schema.missing;
    return featuresOf(schema).map((feature) => {
      const { kind, column } = feature;
      if (derivationOf(feature) !== undefined) {
        const parts = columnsOf(feature).map((part) => this.#textsOf.get(part)!);
        return (row) => parts.map((textAt) => textAt(row));
      }
      const member = kind === "sequence" ? lists.get(column) : undefined;
      const textAt = this.#textsOf.get(member ?? column)!;
      if (member === undefined) return (row) => unpackCell(textAt(row));
      return (row) => Array.from(this.#windows.of(row), (event) => textAt(event) ?? absent);
    });
  }

  #findWindows(): EventWindows {
    const { rows, times } = this.#whole;
    const { columns, maxLength } = this.#plan;
    const { user, lists, where, ties } = columns;
    const [item] = lists.values();
    const textOf = (column: string, row: number) => this.#textsOf.get(column)!(row);
    const keys = createKeys(rows);
    const users = new Interner();
    for (let row = 0; row < rows; row++) {
      const owner = textOf(user, row);
      keys.times[row] = times![row];
      keys.users[row] = owner === undefined ? NO_USER : users.add(owner);
      const enters = textOf(item, row) !== undefined && passes(where, (column) => textOf(column, row));
      keys.counted[row] = enters ? 1 : 0;
    }
    return windowsOf(keys, maxLength, ties);
  }
}
