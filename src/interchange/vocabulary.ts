/**
 * What the rows of a model's tables stand for, as JSON that other tools read.
 *
 * @module
 */
import { derivationOf } from "../data/derived/derivation.ts";
import { encodingPast } from "../data/derived/past_fit.ts";
import { isPresence } from "../data/field_features.ts";
import { missingRowOf } from "../data/field_fit.ts";
import type { FittedField, FittedSchema } from "../data/fitted_schema.ts";
import type { FittedSequence } from "../data/fitted_sequence.ts";
import { bucketCount, firstBucketRow, hashSeed } from "../data/hash_buckets.ts";
import { firstValueRow, OUT_OF_VOCABULARY } from "../data/vocabulary.ts";

/** Values that are joined to one text. */
const VALUES_AT_ONCE = 4096;

/**
 * Writes a schema's vocabularies as the parts of a JSON text.
 *
 * ```json
 * { "format": "weft.vocabulary", "rows": 5, "fields": {
 *   "user": { "kind": "categorical", "offset": 0, "rows": 3, "reserved": { "unseen": 0 }, "values": { "u1": 1, "u2": 2 } },
 *   "age": { "kind": "bucketed", "offset": 3, "rows": 2, "reserved": { "unseen": 0 }, "edges": [], "first": 1 } },
 *   "sequences": { "clicked": { "of": "user", "maxLength": 50 } } }
 * ```
 *
 * An id counts from the first row of its field, which is row `offset` of each table. `reserved` has the ids of unseen and of
 * missing values, the latter perhaps that of the value that stands in for them. Id `first` is the bucket below the first
 * edge. A number x multiplies row `offset`, as (x - center) / spread, after `scale`; `fill` stands in for a missing one.
 * `texts` says how texts are changed before they are looked up, and `presence` that any text is the one value there is. A
 * sequence has rows of its own or those of the field `of`. A field with `hash` gives a value that is not among `values` the
 * id `first` + MurmurHash3 of 32 bits of its UTF-8, with `seed`, modulo `buckets`. `from` says which columns the values of a
 * field are made of, and how: a part of `cross` is a column, a part of dates, another cross, or in `bucket` the field whose
 * edges give a number's bucket, counted from 0. `past` has the statistics of earlier rows by value.
 */
export function* formatVocabulary(schema: FittedSchema): Generator<string> {
  yield `{"format":"weft.vocabulary","rows":${schema.rowCount},"missing":${JSON.stringify(schema.missing)},"fields":{`;
  yield* joined(schema.fields, (field) => formatField(schema, field));
  yield '},"sequences":{';
  yield* joined(schema.sequences, (sequence) => formatSequence(schema, sequence));
  yield "}}\n";
}

function* formatField(schema: FittedSchema, field: FittedField): Generator<string> {
  const { kind, offset, rows, missing, edges, scaling, fill } = field;
  const unseen = kind === "numeric" ? {} : { unseen: OUT_OF_VOCABULARY };
  const fills = fill !== undefined && kind !== "numeric";
  const reserved = {
    ...unseen,
    ...(missing || fills ? { missing: missingRowOf(field, schema.tokenRows(field)) } : {}),
  };
  const buckets = kind === "bucketed" ? { edges, first: firstValueRow(missing) } : {};
  const hashed = bucketCount(field.feature);
  const hash = hashed > 0
    ? { hash: { seed: hashSeed(field.name), buckets: hashed, first: firstBucketRow(field) } }
    : {};
  yield opened({
    kind,
    from: derivationOf(field.feature),
    past: field.past && encodingPast(field.past),
    offset,
    rows,
    reserved,
    ...textsOf(schema, field),
    ...buckets,
    ...hash,
    ...(kind === "numeric" ? { scaling, fill } : {}),
  });
  if (kind === "categorical") yield* formatValues(schema, field);
  yield "}";
}

function* formatSequence(schema: FittedSchema, sequence: FittedSequence): Generator<string> {
  const { of, along, combiner, maxLength } = sequence.feature;
  const { offset, rows, target } = sequence;
  const own = target === undefined ? { offset, rows, reserved: { unseen: OUT_OF_VOCABULARY } } : {};
  yield opened({ of, along, combiner, maxLength, ...own, ...(target === undefined ? textsOf(schema, sequence) : {}) });
  if (target === undefined) yield* formatValues(schema, sequence);
  yield "}";
}

/** Says how the texts of a field or sequence are changed, where they are. */
function textsOf(schema: FittedSchema, { name, feature }: FittedField | FittedSequence): object {
  const rules = Object.entries(schema.textRules[schema.features.findIndex((other) => other.name === name)]);
  const given = rules.filter(([, rule]) => rule !== undefined && rule !== false && rule !== "none");
  return {
    ...(given.length > 0 ? { texts: Object.fromEntries(given) } : {}),
    ...(isPresence(feature) ? { presence: true } : {}),
  };
}

function* formatValues(schema: FittedSchema, owner: FittedField | FittedSequence): Generator<string> {
  yield ',"values":{';
  let part: string[] = [];
  let separator = "";
  for (const [value, id] of schema.tokenRows(owner)) {
    part.push(`${JSON.stringify(value)}:${id}`);
    if (part.length < VALUES_AT_ONCE) continue;
    yield separator + part.join(",");
    separator = ",";
    part = [];
  }
  if (part.length > 0) yield separator + part.join(",");
  yield "}";
}

/** Writes each item behind its name, with commas between them. */
function* joined<T extends { readonly name: string }>(
  items: readonly T[],
  format: (item: T) => Generator<string>,
): Generator<string> {
  for (const [i, item] of items.entries()) {
    yield `${i > 0 ? "," : ""}${JSON.stringify(item.name)}:`;
    yield* format(item);
  }
}

/** Writes an object without its last brace. */
function opened(object: object): string {
  return JSON.stringify(object).slice(0, -1);
}
