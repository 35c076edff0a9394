/**
 * Where the columns of a schema stand in a file.
 *
 * @module
 */
import { columnsOf } from "./derived/derivation.ts";
import { featuresOf, FittedSchema } from "./fitted_schema.ts";
import { formatNames } from "./format.ts";
import { isKept } from "./kept_names.ts";
import { labelColumns, type Schema } from "./schema.ts";

/** Where the cells of a row stand; a time of -1 is not read. */
export interface Layout {
  /** Number of columns. */
  readonly width: number;
  /** Columns of each field, and then of each sequence: one, unless it is made of several. */
  readonly fields: readonly (readonly number[])[];
  /** Columns of the labels; none where they are not read. */
  readonly labels: readonly number[];
  /** Column of the time. */
  readonly time: number;
  /** Columns whose texts are watched. */
  readonly watched: readonly number[];
}

/** What is to be located. */
export interface Wanted {
  /** The features, label and time. */
  readonly schema: Schema | FittedSchema;
  /** Whether the labels are read. */
  readonly labeled: boolean;
  /** Further columns by name. */
  readonly watched: readonly string[];
}

/**
 * Locates columns by name.
 *
 * @param name what errors call the file
 * @param columns names of its columns, in order
 * @throws {RangeError} when a column is not there, or twice
 */
export function locateColumns(name: string, columns: readonly string[], wanted: Wanted): Layout {
  const { schema, labeled, watched } = wanted;
  const positions = new Map<string, number>();
  const repeated = new Set<string>();
  columns.forEach((column, index) => {
    if (positions.has(column)) repeated.add(column);
    else positions.set(column, index);
  });
  const locate = (column: string, use: string): number => {
    const index = positions.get(column);
    if (index !== undefined && !repeated.has(column)) return index;
    const trouble = index === undefined ? "no column" : "several columns";
    throw new RangeError(
      `Cannot read "${name}": ${trouble} "${column}" for ${use}, received columns ${formatNames(columns)}` +
        (index === undefined ? hint(column, columns) : ""),
    );
  };
  const { time } = schema;
  // Only fitting needs the time: what is predicted may have none.
  const timed = time !== undefined && (!(schema instanceof FittedSchema) || positions.has(time));
  return {
    width: columns.length,
    fields: featuresOf(schema).map((feature) => {
      const use = isKept(feature.name) ? "the events" : `feature "${feature.name}"`;
      return columnsOf(feature).map((column) => locate(column, use));
    }),
    labels: labeled
      ? labelColumns(schema).map((name) => locate(name, name === schema.weight ? "the weight" : "the label"))
      : [],
    time: timed ? locate(time, "the time") : -1,
    watched: watched.map((column) => locate(column, "the output")),
  };
}

/** Says which column was meant, where the names differ in blanks or case alone. */
function hint(column: string, columns: readonly string[]): string {
  const bare = column.trim();
  if (columns.some((other) => other !== bare && other.trim() === bare)) {
    return "; trim removes blanks around names and fields";
  }
  const close = columns.find((other) => other.trim().toLowerCase() === bare.toLowerCase());
  return close === undefined ? "" : `; there is "${close}"`;
}
