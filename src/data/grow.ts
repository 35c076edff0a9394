/**
 * Schemas that grow by the values of new rows, for models that are trained again as data come in.
 *
 * @module
 */
import type { FieldFit, FittedField } from "./fitted_schema.ts";
import { FittedSchema } from "./fitted_schema.ts";
import type { FittedSequence, SequenceFit } from "./fitted_sequence.ts";
import { derivationOf } from "./derived/derivation.ts";
import { formatValue } from "./format.ts";
import { firstValueRow } from "./vocabulary.ts";

/** Options of growing a schema. */
export interface GrowOptions {
  /** How often a new value must occur in the new rows to get a row of its own. @default the feature's `minCount` */
  minCount?: number;
  /**
   * Drops values that so many trainings in a row did not have, the present one included: 2 drops what neither the new rows
   * nor those before had. The schema counts that. Parts of dates stay, and what stands in for missing values.
   * @default {none is dropped}
   */
  dropUnseenFor?: number;
}

/**
 * Returns a schema with the values of another one added, those of `today` that it lacks behind its own: nothing is dropped,
 * and each value that occurs once gets a row. Statistics of the past are those of `today`.
 *
 * @param today schema fitted to the new rows, with every value that they have, and statistics that go on from those of `base`
 */
export function joinSchemas(base: FittedSchema, today: FittedSchema): FittedSchema {
  return rebuild(base, (field, f) => {
    const other = f < base.fields.length ? today.fields[f] : today.sequences[f - base.fields.length];
    const known = base.tokenRows(field);
    const added = other.vocabulary?.filter((token) => !known.has(token)) ?? [];
    const filled = (field as Partial<FittedField>).fill !== undefined;
    return {
      missing: field.missing || (!filled && other.missing),
      vocabulary: [...field.vocabulary ?? [], ...added],
      past: (other as Partial<FittedField>).past,
    };
  });
}

/**
 * Returns `joined` without the new values that are too rare and the old ones that did not occur for long, one generation
 * on from `base`.
 *
 * @param joined what {@linkcode joinSchemas} made of `base` and the new rows
 * @param counts how often each row of `joined` occurs in the new rows
 */
export function settleSchema(
  base: FittedSchema,
  joined: FittedSchema,
  counts: ArrayLike<number>,
  { minCount, dropUnseenFor }: GrowOptions,
): FittedSchema {
  const grown = rebuild(joined, (field, f) => {
    const old = f < base.fields.length ? base.fields[f] : base.sequences[f - base.fields.length];
    const known = old.vocabulary?.length ?? 0;
    const least = minCount ?? (field.feature as { minCount?: number }).minCount ?? 1;
    const first = field.offset + firstValueRow(field.missing);
    const idle: number[] = [];
    const vocabulary = (field.vocabulary ?? []).filter((value, position) => {
      const count = counts[first + position];
      const without = position < known && count === 0 ? (old.idle?.[position] ?? 0) + 1 : 0;
      const stays = position < known
        ? without < (dropUnseenFor ?? Infinity) || isKeptAnyway(field, value)
        : count >= least;
      if (stays) idle.push(without);
      return stays;
    });
    return {
      ...{ missing: field.missing, vocabulary, past: (field as Partial<FittedField>).past },
      ...(idle.some((count) => count > 0) && { idle }),
    };
  });
  return new FittedSchema({ ...partsOf(grown), generation: base.generation + 1 });
}

/** Whether a value is dropped in no case: parts of dates come again, and what stands in for missing values is needed. */
function isKeptAnyway(field: FittedField | FittedSequence, value: string): boolean {
  const from = derivationOf(field.feature);
  return (from !== undefined && "date" in from) || (field as Partial<FittedField>).fill === value;
}

/**
 * Refuses options of growing that are out of their range.
 *
 * @throws {RangeError} then
 */
export function requireGrowOptions({ minCount, dropUnseenFor }: GrowOptions): void {
  for (const [name, value] of Object.entries({ minCount, dropUnseenFor })) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new RangeError(`Cannot grow schema: ${name} must be a positive integer, received ${formatValue(value)}`);
  }
}

/** What is fitted anew of a field or sequence. */
type Refit = Pick<FieldFit, "missing" | "vocabulary" | "idle" | "past">;

/** Makes a schema with other vocabularies; sequences that share those of fields follow them. */
function rebuild(
  schema: FittedSchema,
  refit: (field: FittedField | FittedSequence, index: number) => Refit,
): FittedSchema {
  const fields = schema.fields.map((field, f): FieldFit => {
    const { missing, vocabulary, idle, past } = refit(field, f);
    const { feature, weighted, scaling, edges, range, fill } = field;
    const kept = { ...(weighted && { weighted }), ...(scaling && { scaling }), ...(edges && { edges }) };
    const more = { ...(range && { range }), ...(past && { past }), ...(fill !== undefined && { fill }) };
    const named = feature.kind === "categorical" ? { vocabulary, ...(idle && { idle }) } : {};
    return { feature, missing, ...kept, ...more, ...named };
  });
  const sequences = schema.sequences.map((sequence, s): SequenceFit => {
    const { feature, own } = sequence;
    if (own === undefined) return { feature };
    const { vocabulary, idle } = refit(sequence, fields.length + s);
    return { feature, own: vocabulary!, ...(idle && { idle }) };
  });
  return new FittedSchema({ ...partsOf(schema), fields, sequences });
}

/** Returns what a schema is made of. */
function partsOf(schema: FittedSchema): ConstructorParameters<typeof FittedSchema>[0] {
  const { features: _, ...declared } = schema.declared();
  const { missing, trim, fields, sequences, generation, neighbors } = schema;
  return { declared, missing, trim, fields, sequences, generation, ...(neighbors && { neighbors }) };
}

/** Where the rows of a grown schema come from. */
export interface RowOrigins {
  /** For each row of the grown schema, its row in the old one, or -1 for a new row. */
  readonly from: Int32Array;
  /** For each new row, the row of its field for unseen values in the old schema, or -1 where the field has none. */
  readonly unseen: Int32Array;
}

/**
 * Finds the rows of a schema in one that grew from it.
 *
 * @throws {TypeError} when the schema did not grow from the other: features, scalings or edges differ
 */
export function originsOf(old: FittedSchema, grown: FittedSchema): RowOrigins {
  requireSameFeatures(old, grown);
  const from = new Int32Array(grown.rowCount).fill(-1);
  const unseen = new Int32Array(grown.rowCount).fill(-1);
  const place = (before: FittedField | FittedSequence, after: FittedField | FittedSequence): void => {
    const isNumeric = (after as Partial<FittedField>).kind === "numeric";
    const [at, was] = [after.offset, before.offset];
    from[at] = was;
    if (after.missing && before.missing) from[at + 1] = was + 1;
    const [first, firstBefore] = [at + firstValueRow(after.missing), was + firstValueRow(before.missing)];
    if (after.vocabulary && (!("kind" in after) || after.kind === "categorical")) {
      const rows = old.tokenRows(before);
      after.vocabulary.forEach((token, position) => {
        const row = rows.get(token);
        if (row !== undefined) from[first + position] = was + row;
      });
      // Buckets for hashes of new values, behind the values.
      const [known, knownBefore] = [after, before].map(({ vocabulary }) => vocabulary!.length);
      for (let row = first + known; row < at + after.rows; row++) {
        from[row] = firstBefore + knownBefore + row - first - known;
      }
    } else if (!isNumeric) {
      for (let row = first; row < at + after.rows; row++) from[row] = firstBefore + row - first;
    }
    if (isNumeric) return;
    for (let row = at; row < at + after.rows; row++) if (from[row] < 0) unseen[row] = was;
  };
  grown.fields.forEach((field, f) => place(old.fields[f], field));
  grown.sequences.forEach((sequence, s) => {
    if (sequence.target === undefined) place(old.sequences[s], sequence);
  });
  return { from, unseen };
}

function requireSameFeatures(old: FittedSchema, grown: FittedSchema): void {
  const describe = ({ missing, trim, fields, sequences, tasks }: FittedSchema) => ({
    tasks,
    missing,
    trim,
    features: [
      ...fields.map(({ feature, weighted, scaling, edges }) => ({ feature, weighted, scaling, edges })),
      ...sequences.map(({ feature }) => ({ feature })),
    ],
  });
  const [before, after] = [describe(old), describe(grown)].map((parts) => JSON.stringify(parts));
  if (before === after) return;
  const names = grown.features.map(({ name }) => name);
  throw new TypeError(
    `Cannot extend model: the schema must have grown from the model's, with its features ${
      old.features.map(({ name }) => name).join(", ")
    }, received one of ${names.join(", ")} that was fitted apart`,
  );
}
