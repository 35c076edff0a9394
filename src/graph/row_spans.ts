/**
 * Which rows of a schema's row space an embedding table has.
 *
 * @module
 */

/** Rows that follow each other in a table as they do in the row space of the schema. */
export interface RowSpan {
  /** First row in the table. */
  readonly first: number;
  /** The same row in the row space of the schema. */
  readonly from: number;
  /** Number of rows. */
  readonly rows: number;
}

/** The rows of a table, in the order of the table. */
export interface SpannedRows {
  readonly spans: readonly RowSpan[];
}

/** Returns the span of a table that has all rows of a schema. */
export function allRows(rows: number): RowSpan[] {
  return [{ first: 0, from: 0, rows }];
}

/** A row space: that of the schema, or some of its rows. */
export interface RowSpace {
  readonly rowCount: number;
  /** Which rows of the schema it has. @default {all of them} */
  readonly spans?: readonly RowSpan[];
}

/**
 * Returns the spans of rows picked out of a row space: `picked` says where they are there.
 *
 * @throws {TypeError} when the space has not all of the rows of a span
 */
export function spansOf({ rowCount, spans = allRows(rowCount) }: RowSpace, picked: readonly RowSpan[]): RowSpan[] {
  return picked.map(({ first, from, rows }) => {
    const span = spans.find((span) => from >= span.first && from + rows <= span.first + span.rows);
    if (!span) throw new TypeError(`Cannot pick rows: they must be among those of the space, received row ${from}`);
    return { first, from: span.from + from - span.first, rows };
  });
}

/**
 * Returns the row of a table that is a row of the schema.
 *
 * @returns nothing where the table does not have it
 */
export function rowInTable({ spans }: SpannedRows, row: number): number | undefined {
  const span = spans.find(({ from, rows }) => row >= from && row < from + rows);
  return span && span.first + row - span.from;
}

/** Returns for each row of a table the row of the schema that it is. */
export function schemaRows({ spans }: SpannedRows): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(spans.reduce((sum, span) => sum + span.rows, 0));
  for (const { first, from, rows: count } of spans) {
    for (let i = 0; i < count; i++) rows[first + i] = from + i;
  }
  return rows;
}
