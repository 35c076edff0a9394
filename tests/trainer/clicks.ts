/** Clicks at a low rate over five fields of skewed use, whose effects and pairs decide them. */
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { randomNormal, randomUnit } from "../../src/data/random.ts";
import { categorical } from "../../src/data/schema.ts";

const SIZES = [20, 200, 1000, 50, 400];

/** Log-odds that give clicks at a rate of 2 % over the effects below. */
const BIAS = -4.2;

/** Draws rows of which about 2 % have label 1. */
export function drawClicks(rows: number, seed: number): Dataset {
  const schema = new FittedSchema({
    declared: { label: "click" },
    missing: [""],
    fields: SIZES.map((size, f) => ({
      feature: categorical(`f${f}`),
      missing: false,
      vocabulary: Array.from({ length: size }, (_, value) => String(value)),
    })),
  });
  const ids = new Uint32Array(SIZES.length * rows);
  const labels = Float32Array.from({ length: rows }, (_, r) => {
    let logit = BIAS;
    const pairs: number[] = [];
    SIZES.forEach((size, f) => {
      const value = Math.floor(size * randomUnit(seed, 1, r, f) ** 2.5);
      ids[f * rows + r] = schema.fields[f].offset + 1 + value;
      logit += 0.45 * randomNormal(77, 2, f, value);
      pairs.push(randomNormal(77, 3, f, value));
    });
    for (let i = 1; i < pairs.length; i++) logit += 0.15 * pairs[i - 1] * pairs[i];
    return Number(randomUnit(seed, 4, r) < 1 / (1 + Math.exp(-logit)));
  });
  return new Dataset({ schema, rows, ids, values: undefined, labels, labeled: true });
}

/** Returns the rows with values that training does not have in the first fields. */
export function forget(data: Dataset, fields: number): Dataset {
  const copy = data.slice(0, data.rows);
  for (let f = 0; f < fields; f++) {
    copy.ids.fill(data.schema.fields[f].offset, f * copy.rows, (f + 1) * copy.rows);
  }
  return copy;
}
