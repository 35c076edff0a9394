/**
 * Reading files of libsvm, libfm and libffm into a data set.
 *
 * @module
 */
import { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { parseNumber } from "./scaling.ts";
import { categorical, type Schema } from "./schema.ts";
import { nameSource, readLines, type Source } from "./source.ts";

/** Options of {@linkcode readLibsvm}. */
export interface ReadLibsvmOptions {
  /** Schema fitted to the training data; without it, vocabularies are fitted to this data. */
  schema?: FittedSchema;
  /** Names of the fields. @default {f0, f1, ...; as many as the first line has} */
  fields?: readonly string[];
  /** What to do about a malformed row: refuse the file, or leave the row out and count it. @default {"error"} */
  onBadRow?: "error" | "skip";
  /** Whether to read the label; otherwise a first token without colon is passed over. @default {true} */
  labelled?: boolean;
  /** Most rows to read, over all files. @default {all} */
  limit?: number;
}

const LABELS = ["1", "+1", "0", "-1"];

/** Larger field numbers are taken for something else. */
const MOST_FIELDS = 1 << 16;

const OPTIONS = ["schema", "fields", "onBadRow", "labelled", "limit"];

/**
 * Reads rows of tokens, plain or gzip, into a data set with one categorical field per token of a row.
 *
 * | line | field of a token |
 * | --- | --- |
 * | `label id:value id:value ...` | its position: all rows must have the same number of tokens |
 * | `label field:id:value ...` | the number in front, from 0; a field that a row lacks is missing |
 *
 * Labels are 1, and 0 or -1. Ids may be numbered over all fields together or within each; they are values of the field
 * and get rows by their count, as in any categorical field. Values other than 1 multiply the rows. Text from `#` on is
 * a comment.
 *
 * @throws {SyntaxError} when a row is malformed
 * @throws {RangeError} when there is no row to fit to
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
  requireOptions(options);
  const sources = Array.isArray(source) ? source as readonly Source[] : [source as Source];
  if (sources.length === 0) throw new RangeError("Cannot read data: there must be a file, received none");
  const reading = new Reading(options);
  for (const one of sources) {
    if (!await reading.readSource(one)) break;
  }
  return reading.finish(sources);
}

/** Rows under way from files to a data set. */
class Reading {
  readonly #options: ReadLibsvmOptions;
  #parser: RowParser | undefined;
  #builder: DatasetBuilder | undefined;
  /** Reasons of rows skipped before the first good one. */
  readonly #early: string[] = [];

  constructor(options: ReadLibsvmOptions) {
    this.#options = options;
  }

  /** Reads a file; returns whether more rows are wanted. */
  async readSource(source: Source): Promise<boolean> {
    const { onBadRow = "error", limit = Infinity } = this.#options;
    const name = nameSource(source);
    for await (const { line, lines } of readLines(source, "utf-8")) {
      for (let i = 0; i < lines.length; i++) {
        const tokens = cutTokens(lines[i]);
        if (tokens.length === 0) continue;
        if ((this.#builder?.rows ?? 0) >= limit) return false;
        const wrong = this.#addRow(tokens);
        if (wrong === undefined) continue;
        if (onBadRow === "error") throw new SyntaxError(`Cannot read "${name}" line ${line + i}: ${wrong}`);
        this.#skip(`${name}:${line + i}: ${wrong}`);
      }
    }
    return true;
  }

  /** Returns the rows read as a data set. */
  finish(sources: readonly Source[]): Dataset {
    const { schema } = this.#options;
    const builder = this.#builder ?? (schema && this.#createBuilder([]));
    if (builder) return builder.finish();
    const names = sources.map((source) => `"${nameSource(source)}"`).join(", ");
    const skipped = this.#early.length > 0 ? `; skipped ${this.#early[0]}` : "";
    throw new RangeError(`Cannot read ${names}: there must be a row to fit to, received none${skipped}`);
  }

  #createBuilder(names: readonly string[]): DatasetBuilder {
    const { schema, labelled = true } = this.#options;
    const builder = new DatasetBuilder(schema ?? declare(names), { labelled, timed: false });
    for (const reason of this.#early) builder.skip(reason);
    return builder;
  }

  #skip(reason: string): void {
    if (this.#builder) this.#builder.skip(reason);
    else this.#early.push(reason);
  }

  /** Stores a row, or returns what is wrong with it. The first row that is well formed decides on the fields. */
  #addRow(tokens: string[]): string | undefined {
    const { schema, fields, labelled = true } = this.#options;
    const label = tokens[0].includes(":") ? undefined : tokens.shift();
    if (labelled && !LABELS.includes(label ?? "")) {
      return `expected label 1, 0 or -1, received ${JSON.stringify(label ?? tokens[0])}`;
    }
    const named = schema?.fields.map((field) => field.name) ?? fields;
    const parser = this.#parser ?? createParser(tokens, named);
    const wrong = parser.parse(tokens);
    if (wrong !== undefined) return wrong;
    this.#parser = parser;
    this.#builder ??= this.#createBuilder(named ?? parser.texts.map((_, f) => `f${f}`));
    return this.#builder.add({ texts: parser.texts, weights: parser.weights, label });
  }
}

/** Parses the tokens of a row into ids and values by field. */
class RowParser {
  readonly texts: (string | undefined)[];
  readonly weights: number[];
  readonly #ffm: boolean;

  constructor(fields: number, ffm: boolean) {
    this.texts = new Array(fields).fill(undefined);
    this.weights = new Array(fields).fill(1);
    this.#ffm = ffm;
  }

  /** Fills `texts` and `weights`; returns what is wrong with the row, if anything is. */
  parse(tokens: readonly string[]): string | undefined {
    const count = this.texts.length;
    if (tokens.length === 0) return "expected id:value behind the label, received none";
    if (this.#ffm) {
      this.texts.fill(undefined);
      this.weights.fill(1);
    } else if (tokens.length !== count) {
      return `expected ${count} fields, received ${tokens.length}; rows of changing length need field:id:value`;
    }
    for (let position = 0; position < tokens.length; position++) {
      const token = tokens[position];
      const start = this.#ffm ? token.indexOf(":") + 1 : 0;
      const colon = token.indexOf(":", start);
      const field = this.#ffm ? readWhole(token, 0, start - 1) : position;
      const weight = token.length === colon + 2 && token.endsWith("1") ? 1 : parseNumber(token.slice(colon + 1));
      if (colon < 0 || !(readWhole(token, start, colon) >= 0) || Number.isNaN(weight) || !(field >= 0)) {
        return `expected ${this.#ffm ? "field:id:value" : "id:value"}, received ${JSON.stringify(token)}`;
      }
      if (field >= count) return `expected fields below ${count}, received ${token}; name all fields to have more`;
      if (this.#ffm && this.texts[field] !== undefined) {
        return `expected each field once, received field ${field} twice`;
      }
      this.texts[field] = token.slice(start, colon);
      this.weights[field] = weight;
    }
  }
}

/** Reads the digits of `text[start, end)` as a number; NaN when there is anything else, or nothing. */
function readWhole(text: string, start: number, end: number): number {
  let number = start < end ? 0 : NaN;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : NaN;
  }
  return number;
}

function cutTokens(line: string): string[] {
  const comment = line.indexOf("#");
  const text = (comment < 0 ? line : line.slice(0, comment)).trim();
  return text === "" ? [] : text.split(/[ \t]+/);
}

/** Makes the parser for rows like this one. */
function createParser(tokens: readonly string[], named: readonly string[] | undefined): RowParser {
  const ffm = tokens.length > 0 && tokens[0].split(":").length === 3;
  if (named) return new RowParser(named.length, ffm);
  if (!ffm) return new RowParser(tokens.length, ffm);
  const numbers = tokens.map((token) => readWhole(token, 0, token.indexOf(":"))).filter((number) =>
    number < MOST_FIELDS
  );
  return new RowParser(1 + Math.max(-1, ...numbers), ffm);
}

function declare(names: readonly string[]): Schema {
  return { label: "label", features: names.map((name) => categorical(name)) };
}

function requireOptions(options: ReadLibsvmOptions): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) {
      throw new TypeError(`Cannot read data: options are ${OPTIONS.join(", ")}, received "${key}"`);
    }
  }
  const { schema, fields, onBadRow = "error", limit = Infinity, labelled } = options;
  if (schema && fields) throw new TypeError("Cannot read data: a schema names its fields, received both");
  if (schema && !(schema instanceof FittedSchema)) {
    throw new TypeError("Cannot read data: schema must be that of a data set, received another");
  }
  const other = schema?.fields.find(({ kind }) => kind !== "categorical");
  if (other) {
    throw new TypeError(`Cannot read data: fields must be categorical, received ${other.kind} "${other.name}"`);
  }
  if (!schema && labelled === false) {
    throw new TypeError("Cannot read data: fitting needs labels, received labelled false");
  }
  if (onBadRow !== "error" && onBadRow !== "skip") {
    throw new RangeError(`Cannot read data: onBadRow must be "error" or "skip", received ${JSON.stringify(onBadRow)}`);
  }
  if (!(limit > 0)) throw new RangeError(`Cannot read data: limit must be above 0, received ${limit}`);
}
