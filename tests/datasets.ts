/** Schemas and data sets for tests of models. */
import { Dataset } from "../src/data/dataset.ts";
import { FittedSchema } from "../src/data/fitted_schema.ts";
import { categorical } from "../src/data/schema.ts";
import { randomArray } from "./support.ts";

/** Makes a schema of categorical fields from the rows of each: the values "1", "2", ... and one for all others. */
export function schemaOf(
  rows: readonly number[],
  names: readonly string[] = rows.map((_, f) => `f${f}`),
): FittedSchema {
  return new FittedSchema({
    declared: { label: "label" },
    missing: [""],
    fields: rows.map((count, f) => ({
      feature: categorical(names[f]),
      missing: false,
      vocabulary: Array.from({ length: count - 1 }, (_, i) => String(i + 1)),
    })),
  });
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
  return new Dataset({ schema, rows, ids, values, labels, labeled: true });
}
