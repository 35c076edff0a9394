/**
 * The coupled L2 of each row of a table, where fields have strengths of their own or rows are frozen.
 *
 * @module
 */
import type { FittedSchema } from "../data/fitted_schema.ts";
import { formatNames } from "../data/format.ts";
import type { Declarations, Table } from "../graph/parameter.ts";
import { rowInTable } from "../graph/row_spans.ts";
import type { L2 } from "../store.ts";
import type { FrozenRows } from "../store/frozen_rows.ts";

/** Strength that freezes a row. */
const FROZEN = -1;

/** What decides on the strengths. */
export interface StrengthSource {
  readonly l2: L2 | undefined;
  readonly declarations: Declarations;
  readonly frozen: FrozenRows;
}

/** Returns the tables whose rows have strengths of their own. */
export function tablesWithStrengths({ l2, declarations, frozen }: StrengthSource): Table[] {
  const all = Object.keys(l2?.byField ?? {}).length > 0;
  return [...declarations.tables.values()].filter(({ name }) => all || frozen.tables.includes(name));
}

/**
 * Returns the strength of each row by table: that of its field, or else that of all embeddings; negative for a frozen row.
 *
 * @throws {TypeError} when fields have strengths and the model has no table of rows
 */
export function strengthsByTable(
  source: StrengthSource & { readonly schema: FittedSchema },
): ReadonlyMap<Table, Float32Array<ArrayBuffer>> {
  const { l2: { embedding = 0, byField = {} } = {}, declarations, frozen, schema } = source;
  if (Object.keys(byField).length > 0 && declarations.tables.size === 0) {
    throw new TypeError("Cannot train: l2.byField needs a model with tables, received one that has none");
  }
  const owners = ownersOfRows(schema);
  return new Map(
    tablesWithStrengths(source).map((table) => {
      const strengths = new Float32Array(table.rows).fill(embedding);
      for (const { name, offset, rows } of owners) {
        const first = Object.hasOwn(byField, name) ? rowInTable(table, offset) : undefined;
        if (first !== undefined) strengths.fill(byField[name], first, first + rows);
      }
      for (const row of frozen.of(table.name)) strengths[row] = FROZEN;
      return [table, strengths];
    }),
  );
}

/**
 * Refuses strengths by field that are out of range, or of fields that are not there.
 *
 * @throws {RangeError} then
 */
export function requireByField(byField: L2["byField"], schema: FittedSchema): void {
  const names = ownersOfRows(schema).map(({ name }) => name);
  for (const [name, strength] of Object.entries(byField ?? {})) {
    if (!names.includes(name)) {
      throw new RangeError(
        `Cannot train: l2.byField must name fields with rows of their own (${formatNames(names)}), received "${name}"`,
      );
    }
    if (!(strength >= 0 && strength < Infinity)) {
      throw new RangeError(`Cannot train: l2.byField.${name} must be at least 0, received ${strength}`);
    }
  }
}

/** Returns the fields, and the sequences with vocabularies of their own. */
function ownersOfRows({ fields, sequences }: FittedSchema) {
  return [...fields, ...sequences.filter(({ target }) => target === undefined)];
}
