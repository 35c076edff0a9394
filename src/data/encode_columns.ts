/**
 * Encoding values that come column by column.
 *
 * @module
 */
import { createCellForms } from "./cell_forms.ts";
import { type CellCounts, type Column, createFittedColumn } from "./columns.ts";
import type { FieldCoverage } from "./coverage.ts";
import { Dataset } from "./dataset.ts";
import { deriverOf, formsOfCells, type RawTexts } from "./derived/derive.ts";
import { digitsOf } from "./digits.ts";
import { isPresence } from "./field_features.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { type Histories, selectHistories } from "./histories.ts";
import { MissingTexts } from "./missing_texts.ts";
import { NameEncoder } from "./name_encoder.ts";
import { fillFromNeighbors } from "./neighbors.ts";
import { NumberReader } from "./number_reader.ts";
import { type Cell, describeFields, readCell, type Row, type RowField, type RowValue } from "./row_cells.ts";
import { type SequenceCell, SequenceColumns } from "./sequence_column.ts";
import { type CellForm, createTextForm } from "./text_rules.ts";
import type { Utf8Texts } from "./utf8_texts.ts";

/** Numbers of a column, NaN for a missing one. */
export type Numbers = Float32Array | Float64Array | BigInt64Array;

/** Values of a column: one for each row, in a list of any kind, or one that all rows share. */
export type ColumnValues =
  | { readonly values: readonly Row[string][] }
  | { readonly texts: Utf8Texts }
  | { readonly numbers: Numbers }
  | { readonly shared: Row[string] };

/** A value that cannot be encoded. */
export class CellError extends SyntaxError {
  /** Row of the value, from 0. */
  readonly row: number;

  /** Describes what is wrong. */
  constructor(row: number, reason: string) {
    super(`Cannot read row ${row}: ${reason}`);
    this.name = "CellError";
    this.row = row;
  }
}

interface Batch {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, ColumnValues>;
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly values: Float32Array<ArrayBuffer> | undefined;
}

/**
 * Encodes rows without labels with a fitted schema, as `readRows` does. A shared value is encoded once.
 *
 * @param columns values by column; one that is left out has a missing value in each row, or an empty sequence
 * @throws {CellError} when a value is malformed; the message names row and field
 */
export function encodeColumns(
  schema: FittedSchema,
  rows: number,
  columns: ReadonlyMap<string, ColumnValues>,
): Dataset {
  return new ColumnEncoder(schema).encode(rows, columns);
}

/** Encodes rows with one schema, again and again. */
export class ColumnEncoder {
  readonly #schema: FittedSchema;
  readonly #missing: ReadonlySet<string>;
  /** How the texts of each field are treated. */
  readonly #forms: readonly CellForm[];
  /** How the cells of each field are, once those that are made of several texts are made. */
  readonly #made: readonly CellForm[];
  readonly #fields: readonly RowField[];
  readonly #sequences: readonly RowField[];
  /** Encoders of the fields that are names, each the text of one column. */
  readonly #names: readonly (NameEncoder | undefined)[];
  readonly #numbers: readonly (NumberReader | undefined)[];

  /** Prepares what is the same for all rows. */
  constructor(schema: FittedSchema) {
    const features = schema.fields.map(({ feature }) => feature);
    const missing = new MissingTexts(schema.missing);
    const forms = createCellForms(features, schema.textRules, schema.missing);
    const described = describeFields(schema);
    const isPlain = (f: number) => described[f].parts === undefined && !described[f].weighted;
    this.#schema = schema;
    this.#missing = missing;
    this.#forms = forms;
    this.#made = formsOfCells(features, forms);
    this.#fields = described.slice(0, features.length);
    this.#sequences = described.slice(features.length);
    this.#names = schema.fields.map((field, f) => {
      if (field.kind !== "categorical" || !isPlain(f)) return undefined;
      const isFormed = createTextForm(schema.textRules[f]) !== undefined || isPresence(features[f]);
      return new NameEncoder({
        ...{ field, tokenRows: schema.tokenRows(field), missing, form: forms[f] },
        isPlain: !isFormed,
      });
    });
    this.#numbers = schema.fields.map(({ kind }, f) =>
      kind !== "categorical" && isPlain(f) ? new NumberReader(schema.missing, forms[f]) : undefined
    );
  }

  /** Does beforehand what takes a while with large vocabularies, so that the first texts need not wait for it; field by field. */
  *prepare(): Generator<void, void> {
    for (const names of this.#names) {
      if (names === undefined) continue;
      names.prepare();
      yield;
    }
  }

  /**
   * Encodes rows as {@linkcode encodeColumns} does.
   *
   * @throws {CellError} when a value is malformed; the message names row and field
   */
  encode(rows: number, columns: ReadonlyMap<string, ColumnValues>): Dataset {
    const schema = this.#schema;
    const cells = schema.fields.length * rows;
    const ids = new Uint32Array(cells);
    const values = schema.hasValues ? new Float32Array(cells) : undefined;
    const batch = { rows, columns, ids, values };
    const taken = schema.fields.map((_, f) => this.#names[f] ? this.#encodeNames(batch, f) : this.#takeCells(batch, f));
    fillFromNeighbors(schema, taken.map((field) => "column" in field ? field.column : {}));
    const coverage = taken.map((field, f) => "column" in field ? this.#writeField(batch, f, field) : field);
    const lists = encodeSequences(schema, batch, this.#sequences);
    return new Dataset({
      schema,
      rows,
      ids,
      values,
      histories: lists.histories,
      labels: new Float32Array(schema.labelCount * rows),
      labeled: false,
      coverage: [...coverage, ...lists.coverage],
    });
  }

  #encodeNames(batch: Batch, index: number): FieldCoverage {
    const { rows, ids, values, columns } = batch;
    const names = this.#names[index]!;
    const field = this.#fields[index];
    const start = index * rows;
    const name = this.#schema.fields[index].name;
    values?.fill(1, start, start + rows);
    const given = columns.get(field.column);
    const texts = given && ("texts" in given ? given.texts : "numbers" in given ? digitsOf(given.numbers) : undefined);
    if (texts) return { name, rows, ...names.encodeTexts(texts, { ids, start }) };
    const { values: list, repeat } = valuesOf(batch, field.column);
    const textOf = (value: Row[string], row: number) => cellAt(row, value, field).text as string | undefined;
    const counts = names.encodeValues(list, textOf, { ids, start });
    if (repeat > 1) ids.fill(ids[start], start + 1, start + rows);
    return { name, rows, ...times(counts, repeat) };
  }

  /** Stores the cells of a field. A shared one stands for all rows, unless what stands in for it depends on the row. */
  #takeCells(batch: Batch, index: number): TakenCells {
    const schema = this.#schema;
    const field = this.#fields[index];
    const column = createFittedColumn(schema, index, this.#missing);
    const numbers = this.#numbers[index]?.read(batch.columns.get(field.column));
    if (numbers && column.storeNumbers?.(numbers)) return { column, repeat: 1 };
    const isByRow = schema.neighbors?.fields.includes(schema.fields[index].name) ?? false;
    const given = field.parts ? this.#derivedCells(batch, index, field.parts) : rawCells(batch, field);
    const repeat = isByRow ? 1 : given.repeat;
    for (let row = 0; row < batch.rows / repeat; row++) {
      const { text, weight = 1 } = given.cellAt(row);
      const wrong = column.offer(this.#made[index](text as string | undefined), weight);
      if (wrong !== undefined) throw new CellError(row, `field "${schema.fields[index].name}": ${wrong}`);
      column.store();
    }
    return { column, repeat };
  }

  #writeField({ rows, ids, values }: Batch, index: number, { column, repeat }: TakenCells): FieldCoverage {
    const field = this.#schema.fields[index];
    const start = index * rows;
    const counts = column.write(field, ids, values, start);
    if (repeat > 1) {
      ids.fill(ids[start], start + 1, start + rows);
      values?.fill(values[start], start + 1, start + rows);
    }
    return { name: field.name, rows, ...times(counts, repeat) };
  }

  /** Makes the cells of a field of its columns; where all rows share these, it is done once. */
  #derivedCells(batch: Batch, index: number, fields: readonly RowField[]): FieldCells {
    const { feature, name } = this.#schema.fields[index];
    const derive = deriverOf(feature, { form: this.#forms[index], missing: this.#missing })!;
    const given = fields.map(({ column }) => valuesOf(batch, column));
    return {
      repeat: given.every(({ repeat }) => repeat === batch.rows) ? batch.rows : 1,
      cellAt(row) {
        const raw = given.map(({ values, repeat }, i) => cellAt(row, values[repeat === 1 ? row : 0], fields[i]).text);
        const text = derive(raw as RawTexts);
        if (typeof text === "object") throw new CellError(row, `field "${name}": ${text.reason}`);
        return { text };
      },
    };
  }
}

/** Values of a column, and how many rows each of them stands for. */
function valuesOf({ columns, rows }: Batch, column: string): { values: readonly Row[string][]; repeat: number } {
  const given = columns.get(column) ?? { shared: undefined };
  if ("shared" in given) return { values: [given.shared], repeat: rows };
  return { values: "values" in given ? given.values : listValues(given), repeat: 1 };
}

/** Lists what a column has by row; a number that is none stands for a missing value, as in data frames. */
export function listValues(given: { readonly texts: Utf8Texts } | { readonly numbers: Numbers }): readonly RowValue[] {
  if ("texts" in given) return given.texts.strings;
  return Array.from<number | bigint, RowValue>(given.numbers, (x) => Number.isNaN(x) ? null : x);
}

/** A column that took its cells, and how many rows each of them stands for. */
interface TakenCells {
  readonly column: Column;
  readonly repeat: number;
}

/** Cells of a field, and how many rows each of them stands for. */
interface FieldCells {
  readonly cellAt: (row: number) => Cell;
  readonly repeat: number;
}

function rawCells(batch: Batch, field: RowField): FieldCells {
  const { values, repeat } = valuesOf(batch, field.column);
  return { repeat, cellAt: (row) => cellAt(row, values[repeat === 1 ? row : 0], field) };
}

function encodeSequences(
  schema: FittedSchema,
  batch: Batch,
  fields: readonly RowField[],
): { histories: readonly Histories[]; coverage: readonly FieldCoverage[] } {
  const { rows } = batch;
  if (fields.length === 0) return { histories: [], coverage: [] };
  const given = fields.map(({ column }) => valuesOf(batch, column));
  const isShared = given.every(({ repeat }) => repeat === rows);
  const rules = schema.textRules.slice(schema.fields.length);
  const columns = new SequenceColumns(schema.sequences.map(({ feature }) => feature), schema.missing, rules);
  for (let row = 0; row < (isShared ? 1 : rows); row++) {
    const cells = given.map(({ values, repeat }, i): SequenceCell =>
      cellAt(row, values[repeat === 1 ? row : 0], fields[i]).text as SequenceCell
    );
    const wrong = columns.offer((i) => cells[i]);
    if (wrong !== undefined) throw new CellError(row, wrong);
    columns.store();
  }
  const { histories, coverage } = columns.write(schema);
  if (!isShared) return { histories, coverage };
  return {
    histories: histories.map((list) => selectHistories(list, rows, () => 0)),
    coverage: coverage.map((counts) => ({ ...counts, ...times(counts, rows), rows: rows * counts.rows })),
  };
}

function cellAt(row: number, value: Row[string], field: RowField): Cell {
  const cell = readCell(value, field);
  if (cell.fault) throw new CellError(row, cell.fault.reason);
  return cell;
}

/** Counts for rows that all have the same value. */
function times<C extends CellCounts & Partial<FieldCoverage>>(counts: C, rows: number): C {
  if (rows === 1) return counts;
  const multiplied = Object.entries(counts).map((
    [name, count],
  ) => [name, typeof count === "number" ? rows * count : count]);
  return Object.fromEntries(multiplied) as C;
}
