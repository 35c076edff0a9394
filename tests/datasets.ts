/** Schemas and data sets for tests of models. */
import { Dataset } from "../src/data/dataset.ts";
import { FittedSchema } from "../src/data/fitted_schema.ts";
import type { Histories } from "../src/data/histories.ts";
import { categorical, sequence } from "../src/data/schema.ts";
import { randomArray } from "./support.ts";

/** Makes a schema of categorical fields from the rows of each: the values "1", "2", ... and one for all others. */
export function schemaOf(
  rows: readonly number[],
  names: readonly string[] = rows.map((_, f) => `f${f}`),
  labels: readonly string[] = ["label"],
): FittedSchema {
  return new FittedSchema({
    declared: labels.length > 1 ? { labels } : { label: labels[0] },
    missing: [""],
    fields: rows.map((count, f) => ({
      feature: categorical(names[f]),
      missing: false,
      vocabulary: Array.from({ length: count - 1 }, (_, i) => String(i + 1)),
    })),
  });
}

/** Adds a history of values of the first field, with values of the second beside them. */
export function withHistory({ label, labels, missing, fields }: FittedSchema, maxLength = 5): FittedSchema {
  const [first, second] = fields.map(({ name }) => name);
  return new FittedSchema({
    ...{ declared: { label, labels }, missing, fields },
    sequences: [
      { feature: sequence("history", { of: first, maxLength }) },
      { feature: sequence("beside", { of: second, along: "history", maxLength }) },
    ],
  });
}

/** Draws lists for each history of a schema: the first row's are empty, the second's as long as can be. */
function drawHistories(schema: FittedSchema, rows: number, seed: number): Histories[] {
  return schema.histories.map(({ sequences, maxLength, weighted }, i) => {
    const random = randomArray((1 + maxLength * sequences.length) * rows, seed + i + 1);
    const lengths = Array.from({ length: rows }, (_, b) => {
      if (b < 2 && rows > 1) return b * maxLength;
      return Math.floor((random[b] + 1) * (maxLength + 1) / 2);
    });
    const ids = Uint32Array.from({ length: maxLength * sequences.length * rows }, (_, at) => {
      const { offset, rows: size } = sequences[at % sequences.length];
      return offset + Math.floor((random[rows + at] + 1) * size / 2);
    });
    const offsets = Uint32Array.from({ length: rows + 1 }, (_, b) => b * maxLength);
    const padded = { offsets, ids, ...(weighted && { weights: Float32Array.from(ids, () => 1) }) };
    return cutLists(padded, lengths, sequences.length);
  });
}

/** Leaves the first values of each list, as many as `lengths` says. */
function cutLists({ offsets, ids, weights }: Histories, lengths: readonly number[], members: number): Histories {
  const cut = new Uint32Array(offsets.length);
  lengths.forEach((length, b) => cut[b + 1] = cut[b] + length);
  const keeps = (place: number) => {
    const row = Math.floor(place / (offsets[1] - offsets[0]));
    return place - offsets[row] < lengths[row];
  };
  return {
    offsets: cut,
    ids: ids.filter((_, at) => keeps(Math.floor(at / members))),
    ...(weights && { weights: weights.filter((_, place) => keeps(place)) }),
  };
}

/** Draws rows: any id of each field, values for the numbers among them, and labels. */
export function drawDataset(schema: FittedSchema, rows: number, seed: number): Dataset {
  const count = schema.fields.length;
  const random = randomArray((count + 1) * rows, seed);
  const ids = new Uint32Array(count * rows);
  const values = schema.hasValues ? new Float32Array(count * rows).fill(1) : undefined;
  schema.fields.forEach(({ offset, kind, rows: size }, f) => {
    for (let b = 0; b < rows; b++) {
      const at = f * rows + b;
      const row = Math.floor((random[at] + 1) * size / 2);
      ids[at] = offset + row;
      if (values && kind === "numeric" && row === 0) values[at] = random[at];
    }
  });
  const labels = Float32Array.from({ length: rows }, (_, b) => random[count * rows + b] > 0 ? 1 : 0);
  const histories = drawHistories(schema, rows, seed);
  return new Dataset({ schema, rows, ids, values, histories, labels, labeled: true });
}
