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
import type { FittedSchema } from "./fitted_schema.ts";
import { type Histories, selectHistories } from "./histories.ts";
import { fillFromNeighbors } from "./neighbors.ts";
import { type Cell, describeFields, readCell, type Row, type RowField } from "./row_cells.ts";
import { type SequenceCell, SequenceColumns } from "./sequence_column.ts";
import type { CellForm } from "./text_rules.ts";

/** Values of a column: one for each row, or one that all rows share. */
export type ColumnValues = { readonly values: readonly Row[string][] } | { readonly shared: Row[string] };

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

interface Part {
  readonly schema: FittedSchema;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, ColumnValues>;
  readonly missing: ReadonlySet<string>;
  /** How the texts of each field are treated. */
  readonly forms: readonly CellForm[];
  /** How the cells of each field are, once those that are made of several texts are made. */
  readonly made: readonly CellForm[];
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
  const features = schema.fields.map(({ feature }) => feature);
  const forms = createCellForms(features, schema.textRules, schema.missing);
  const part = {
    ...{ schema, rows, columns, missing: new Set(schema.missing) },
    ...{ forms, made: formsOfCells(features, forms) },
  };
  const described = describeFields(schema);
  const cells = schema.fields.length * rows;
  const ids = new Uint32Array(cells);
  const values = schema.hasValues ? new Float32Array(cells) : undefined;
  const taken = schema.fields.map((_, f) => takeCells(part, f, described[f]));
  fillFromNeighbors(schema, taken.map(({ column }) => column));
  const coverage = taken.map((field, f): FieldCoverage => writeField(part, f, field, { ids, values }));
  const lists = encodeSequences(part, described.slice(schema.fields.length));
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

/** Values of a column, and how many rows each of them stands for. */
function valuesOf({ columns, rows }: Part, column: string): { values: readonly Row[string][]; repeat: number } {
  const given = columns.get(column) ?? { shared: undefined };
  return "shared" in given ? { values: [given.shared], repeat: rows } : { values: given.values, repeat: 1 };
}

/** A column that took its cells, and how many rows each of them stands for. */
interface TakenCells {
  readonly column: Column;
  readonly repeat: number;
}

/** Stores the cells of a field. A shared one stands for all rows, unless what stands in for it depends on the row. */
function takeCells(part: Part, index: number, field: RowField): TakenCells {
  const { schema, rows, missing, made } = part;
  const column = createFittedColumn(schema, index, missing);
  const isByRow = schema.neighbors?.fields.includes(schema.fields[index].name) ?? false;
  const given = field.parts ? derivedCells(part, index, field.parts) : rawCells(part, field);
  const repeat = isByRow ? 1 : given.repeat;
  for (let row = 0; row < rows / repeat; row++) {
    const { text, weight = 1 } = given.cellAt(row);
    const wrong = column.offer(made[index](text as string | undefined), weight);
    if (wrong !== undefined) throw new CellError(row, `field "${schema.fields[index].name}": ${wrong}`);
    column.store();
  }
  return { column, repeat };
}

function writeField(
  { schema, rows }: Part,
  index: number,
  { column, repeat }: TakenCells,
  { ids, values }: { ids: Uint32Array; values: Float32Array | undefined },
): FieldCoverage {
  const start = index * rows;
  const counts = column.write(schema.fields[index], ids, values, start);
  if (repeat > 1) {
    ids.fill(ids[start], start + 1, start + rows);
    values?.fill(values[start], start + 1, start + rows);
  }
  return { name: schema.fields[index].name, rows, ...times(counts, repeat) };
}

/** Cells of a field, and how many rows each of them stands for. */
interface FieldCells {
  readonly cellAt: (row: number) => Cell;
  readonly repeat: number;
}

function rawCells(part: Part, field: RowField): FieldCells {
  const { values, repeat } = valuesOf(part, field.column);
  return { repeat, cellAt: (row) => cellAt(row, values[repeat === 1 ? row : 0], field) };
}

/** Makes the cells of a field of its columns; where all rows share these, it is done once. */
function derivedCells(part: Part, index: number, fields: readonly RowField[]): FieldCells {
  const { schema, rows, missing, forms } = part;
  const { feature, name } = schema.fields[index];
  const derive = deriverOf(feature, { form: forms[index], missing })!;
  const given = fields.map(({ column }) => valuesOf(part, column));
  return {
    repeat: given.every(({ repeat }) => repeat === rows) ? rows : 1,
    cellAt(row) {
      const raw = given.map(({ values, repeat }, i) => cellAt(row, values[repeat === 1 ? row : 0], fields[i]).text);
      const text = derive(raw as RawTexts);
      if (typeof text === "object") throw new CellError(row, `field "${name}": ${text.reason}`);
      return { text };
    },
  };
}

function encodeSequences(
  part: Part,
  fields: readonly RowField[],
): { histories: readonly Histories[]; coverage: readonly FieldCoverage[] } {
  const { schema, rows } = part;
  if (fields.length === 0) return { histories: [], coverage: [] };
  const given = fields.map(({ column }) => valuesOf(part, column));
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
