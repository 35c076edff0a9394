/**
 * Strengths of L2 by row, from how often the training data hold it.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { countRows } from "../data/row_counts.ts";
import type { ModelParts } from "../model/parts.ts";
import type { L2 } from "../store.ts";
import { requireByField } from "./row_strength.ts";
import type { UnseenRows } from "./unseen.ts";

/** Names of the strengths. */
const STRENGTHS = ["embedding", "net", "byCount"] as const;

/**
 * Refuses strengths that are out of range or of no field, and counts that do not fit the row space.
 *
 * @param schema the data's schema
 * @throws {TypeError} when there is another option, or counts have nothing to count for
 * @throws {RangeError} when a number is out of its range
 */
export function requireL2(l2: L2, schema: FittedSchema): void {
  const { rowCount } = schema;
  const names = [...STRENGTHS, "counts", "byField"];
  const surplus = Object.keys(l2).find((name) => !names.includes(name));
  if (surplus !== undefined) throw new TypeError(`Cannot train: l2 has ${names.join(", ")}, received "${surplus}"`);
  for (const name of STRENGTHS) {
    const strength = l2[name];
    if (strength !== undefined && !(strength >= 0 && strength < Infinity)) {
      throw new RangeError(`Cannot train: l2.${name} must be at least 0, received ${strength}`);
    }
  }
  requireByField(l2.byField, schema);
  const { byCount = 0, counts } = l2;
  if (!counts) return;
  if (byCount === 0) throw new TypeError("Cannot train: l2.counts need l2.byCount above 0, received none");
  if (counts.length !== rowCount) {
    throw new RangeError(
      `Cannot train: l2.counts must be ${rowCount}, one for each row of the schema, received ${counts.length}`,
    );
  }
  for (let row = 0; row < rowCount; row++) {
    if (!(counts[row] >= 0 && counts[row] < Infinity)) {
      throw new RangeError(`Cannot train: l2.counts[${row}] must be at least 0, received ${counts[row]}`);
    }
  }
}

/** Where the occurrences are counted. */
export interface Counted extends Pick<ModelParts, "definition" | "declarations"> {
  readonly l2: L2 | undefined;
  readonly data: Dataset;
  /** What replaces a share of the occurrences in training. */
  readonly unseen: UnseenRows | undefined;
}

/**
 * Returns byCount / n for each row, n being the given count or the row's occurrences in the data as far as the model reads
 * them, with those that unseen values take over on average; 0 for rows that do not occur. Undefined where nothing is
 * asked for.
 *
 * @throws {TypeError} when the model has no table of rows
 */
export function rowStrengths(
  { l2, data, definition, declarations, unseen }: Counted,
): Float32Array<ArrayBuffer> | undefined {
  const { byCount = 0, counts } = l2 ?? {};
  if (byCount === 0) return undefined;
  if (declarations.tables.size === 0) {
    throw new TypeError(
      `Cannot train: l2.byCount needs a model with tables, received ${definition.name}, which has none`,
    );
  }
  const occurrences = Float64Array.from(
    counts ?? countRows(data, { histories: definition.readsHistories ?? false }),
  );
  if (!counts) unseen?.addTo(occurrences, data.rows);
  return Float32Array.from(occurrences, (count) => count > 0 ? byCount / count : 0);
}
