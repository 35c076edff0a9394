/**
 * Splitting a file before its schema is fitted, so that vocabularies, scalings and buckets know the training rows only.
 *
 * @module
 */
import { DatasetBuilder } from "../data/builder.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { categorical, type Schema } from "../data/schema.ts";
import type { SplitOptions } from "../data/split.ts";

/** Names of fields that keep a column's texts; no file has a column with such a name. */
const TEXT_OF = "\0text of ";

/** Declares, beside each feature, a category for each text of its column: rows read so can be encoded again. */
export function keepTexts(schema: Schema): Schema {
  const texts = schema.features.map(({ name, column }) => categorical(`${TEXT_OF}${name}`, { column }));
  return { ...schema, features: [...schema.features, ...texts] };
}

/**
 * Splits rows that were read with {@linkcode keepTexts}, fits the schema to the first part and encodes the others
 * with it. Rows of libsvm files, whose fields all keep their texts, need no such reading.
 *
 * @throws {RangeError} when a part would be empty, the first has no positive label, or there is no column to split by
 */
export function refitSplit(
  whole: Dataset,
  schema: Schema,
  fractions: readonly number[],
  by: SplitOptions,
): Dataset[] {
  const [training, ...others] = whole.split(fractions, by);
  if (training.positives === 0) {
    throw new RangeError(`Cannot split data: the training part must have a positive label, received none`);
  }
  const fitted = encode(training, schema);
  return [fitted, ...others.map((part) => encode(part, fitted.schema))];
}

/** Encodes rows that carry their texts afresh. */
function encode(part: Dataset, schema: Schema | FittedSchema): Dataset {
  const { rows, ids, values, labels, times } = part;
  const { fields, missing } = part.schema;
  const builder = new DatasetBuilder(schema, { labelled: true, timed: times !== undefined, missing });
  const columns = fields.map((field, f) => {
    // Nothing is out of vocabulary here, so that row 0 does not occur.
    const absent = field.missing ? [undefined, undefined] : [undefined];
    return { texts: [...absent, ...field.vocabulary ?? []], from: f * rows, offset: field.offset };
  }).slice(-schema.features.length);
  const [negative, positive] = labelTexts(part.schema);
  for (let row = 0; row < rows; row++) {
    const wrong = builder.add({
      texts: columns.map(({ texts, from, offset }) => texts[ids[from + row] - offset]),
      weights: values && columns.map(({ from }) => values[from + row]),
      label: labels[row] === 1 ? positive : negative,
      time: times && String(times[row]),
    });
    if (wrong !== undefined) throw new Error(`Cannot encode row ${row} again: ${wrong}`);
  }
  return builder.finish();
}

function labelTexts({ positive, negative }: FittedSchema): [negative: string, positive: string] {
  if (positive === undefined) return ["0", "1"];
  return [negative ?? `not ${positive}`, positive];
}
