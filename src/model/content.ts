/**
 * First vectors of new values from those of known ones with the same content, such as items of one category.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedField, FittedSchema } from "../data/fitted_schema.ts";
import { formatValue } from "../data/format.ts";
import type { RowOrigins } from "../data/grow.ts";
import { firstValueRow } from "../data/vocabulary.ts";

/** Which fields say what a value is like, and the rows that they are read from. */
export interface Content {
  /** Rows of the grown schema, in which new values stand beside their contents, and known values beside theirs. */
  readonly data: Dataset;
  /** For a field with new values, the field that says what they are like: `{ item: "category" }`. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Finds the known values that are like each new one.
 *
 * @returns for the row of a new value, rows of the old schema whose mean it begins with; values that nothing known is like
 * are not there
 * @throws {TypeError} when there is no such field, or the data has another schema
 */
export function alikeRows(
  { data, fields }: Content,
  schema: FittedSchema,
  { from }: RowOrigins,
): ReadonlyMap<number, readonly number[]> {
  if (data.schema !== schema) {
    throw new TypeError("Cannot extend model: content.data must have the grown schema, received another one");
  }
  const alike = new Map<number, readonly number[]>();
  for (const [name, by] of Object.entries(fields)) {
    const [own, content] = [name, by].map((wanted) => fieldOf(schema, wanted));
    const [valuesLike, contentsOf] = [new Map<number, Set<number>>(), new Map<number, Set<number>>()];
    const first = own.offset + firstValueRow(own.missing);
    for (let row = 0; row < data.rows; row++) {
      const value = data.ids[own.place * data.rows + row];
      const kind = data.ids[content.place * data.rows + row];
      if (value < first || kind < content.offset + firstValueRow(content.missing)) continue;
      if (from[value] >= 0) addTo(valuesLike, kind, from[value]);
      else addTo(contentsOf, value, kind);
    }
    for (const [value, kinds] of contentsOf) {
      const known = new Set([...kinds].flatMap((kind) => [...valuesLike.get(kind) ?? []]));
      // Ascending, so that their sum does not depend on the order of the rows.
      if (known.size > 0) alike.set(value, [...known].sort((a, b) => a - b));
    }
  }
  return alike;
}

function fieldOf({ fields }: FittedSchema, name: string): FittedField & { readonly place: number } {
  const place = fields.findIndex((field) => field.name === name && field.kind !== "numeric");
  if (place >= 0) return { ...fields[place], place };
  const known = fields.filter(({ kind }) => kind !== "numeric").map((field) => field.name).join(", ");
  throw new TypeError(`Cannot extend model: fields of content are ${known}, received ${formatValue(name)}`);
}

function addTo(sets: Map<number, Set<number>>, key: number, value: number): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}
