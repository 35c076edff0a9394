/**
 * The embedding tables of a model, cut by field.
 *
 * @module
 */
import type { CheckpointTensor } from "../../checkpoint/content.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";
import { firstValueRow } from "../../data/vocabulary.ts";
import { Declarations, type Table } from "../../graph/parameter.ts";
import { rowInTable } from "../../graph/row_spans.ts";
import type { Model } from "../../model.ts";
import { spaceOf, traceModel } from "../../trace.ts";

/** What a diagnosis reads of a model. */
export type DescribedModel = Pick<Model, "definition" | "schema" | "seed">;

/** Rows of a table that belong to a field or to a sequence with a vocabulary of its own. */
export interface FieldRows {
  /** Name of the field or sequence. */
  readonly name: string;
  /** First row. */
  readonly offset: number;
  /** Number of rows, those of unseen and missing values included. */
  readonly rows: number;
  /** Rows in front of those of values: one of unseen values, and where there is one, that of missing values. */
  readonly before: number;
  /** Rows behind those that are in the order of falling frequency; those of hash buckets and of numbers are in none. */
  readonly ranked: number;
}

/** Returns the rows of each field, and of sequences that do not share those of one. */
export function fieldRows(schema: FittedSchema): FieldRows[] {
  const fields = schema.fields.map(({ name, offset, rows, kind, missing, vocabulary = [] }) => ({
    name,
    offset,
    rows,
    before: kind === "numeric" ? 0 : firstValueRow(missing),
    ranked: vocabulary.length,
  }));
  const sequences = schema.sequences.filter(({ target }) => target === undefined);
  return [
    ...fields,
    ...sequences.map(({ name, offset, rows, missing, vocabulary }) => {
      return { name, offset, rows, before: firstValueRow(missing), ranked: vocabulary.length };
    }),
  ];
}

/** Returns the rows of each field that a table has, as the table counts them. */
export function rowsIn(table: Table, fields: readonly FieldRows[]): FieldRows[] {
  return fields.flatMap((field) => {
    const offset = rowInTable(table, field.offset);
    return offset === undefined ? [] : [{ ...field, offset }];
  });
}

/** Declares the parameters of a model anew, without a device. */
export function declarationsOf({ definition, schema }: DescribedModel): Declarations {
  const declarations = new Declarations();
  traceModel(definition, "train", declarations, spaceOf(schema), 1);
  return declarations;
}

/** A table and its numbers. */
export interface LoadedTable {
  /** What the model declares. */
  readonly table: Table;
  /** Its numbers, `[rows, dim]`. */
  readonly values: Float32Array;
}

/** Returns the tables of embeddings; where a model has none, those of first-order weights. */
export function embeddingTables(
  declarations: Declarations,
  parameters: Readonly<Record<string, CheckpointTensor>>,
): LoadedTable[] {
  const all = [...declarations.tables.values()].filter(({ name }) => name in parameters);
  const wide = all.filter(({ dim }) => dim > 1);
  return (wide.length > 0 ? wide : all).map((table) => ({
    table,
    values: parameters[table.name].data as Float32Array,
  }));
}
