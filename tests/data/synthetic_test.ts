import type { Dataset } from "../../src/data/dataset.ts";
import { plantedInteractions, zipfDataset } from "../../src/data/synthetic.ts";
import { auc } from "../../src/metrics.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";

const OPTIONS = { rows: 12_000, vocabularies: [8, 6, 7], dim: 3, noise: 0.25, seed: 4 };

/** Scores of a factorization machine trained in float64, one row at a time; with dim 0 logistic regression. */
function trainAndScore(train: Dataset, test: Dataset, dim: number): Float64Array {
  const { fields, rowCount } = train.schema;
  const linear = new Float64Array(rowCount);
  const vectors = Float64Array.from({ length: rowCount * dim }, (_, i) => 0.3 * Math.sin(i * 7919));
  const score = (data: Dataset, r: number, rate: number): number => {
    const ids = fields.map((_, f) => data.ids[f * data.rows + r]);
    const sums = Array.from({ length: dim }, (_, d) => ids.reduce((sum, id) => sum + vectors[id * dim + d], 0));
    let logit = ids.reduce((sum, id) => sum + linear[id], 0);
    sums.forEach((sum, d) => logit += (sum * sum - ids.reduce((s, id) => s + vectors[id * dim + d] ** 2, 0)) / 2);
    const step = rate * (data.labels[r] - 1 / (1 + Math.exp(-logit)));
    for (const id of ids) {
      linear[id] += step;
      for (let d = 0; d < dim; d++) vectors[id * dim + d] += step * (sums[d] - vectors[id * dim + d]);
    }
    return logit;
  };
  for (let epoch = 0; epoch < 12; epoch++) for (let r = 0; r < train.rows; r++) score(train, r, 0.05);
  return Float64Array.from({ length: test.rows }, (_, r) => score(test, r, 0));
}

Deno.test("planted interactions can be learnt by a factorization machine and not by logistic regression", () => {
  const { data, probabilities, bayesAuc } = plantedInteractions(OPTIONS);
  const [train, test] = [data.slice(0, 9000), data.slice(9000, 12_000)];
  const best = auc(probabilities.slice(9000), test.labels);
  assertAlmostEquals(best, bayesAuc, 0.02);
  assert(best > 0.9, `best possible AUC is ${best}`);
  const linear = auc(trainAndScore(train, test, 0), test.labels);
  assert(linear < 0.6, `logistic regression has AUC ${linear}`);
  const fm = auc(trainAndScore(train, test, 3), test.labels);
  assert(fm > best - 0.03, `factorization machine has AUC ${fm}, at best ${best}`);
});

Deno.test("planted interactions depend on the seed only", () => {
  const { data, probabilities } = plantedInteractions({ ...OPTIONS, rows: 50 });
  const again = plantedInteractions({ ...OPTIONS, rows: 50 });
  assertEquals([again.data.ids, again.data.labels, again.probabilities], [data.ids, data.labels, probabilities]);
  assertNotEquals(plantedInteractions({ ...OPTIONS, rows: 50, seed: 5 }).data.ids, data.ids);
});

Deno.test("more noise lowers the best possible AUC, and no noise makes it 1", () => {
  const [none, little, much] = [0, 0.25, 2].map((noise) => plantedInteractions({ ...OPTIONS, noise }).bayesAuc);
  assertEquals(none, 1);
  assert(little > much + 0.1 && much > 0.5, `AUC ${little} and ${much}`);
});

Deno.test("zipf rows fill the row space asked for", () => {
  const data = zipfDataset({ rows: 2000, fields: 39, totalRows: 100_000, seed: 1 });
  assertEquals([data.rows, data.schema.fields.length, data.schema.rowCount], [2000, 39, 100_000]);
  const sizes = data.schema.fields.map(({ rows }) => rows);
  assertEquals([...sizes].sort((a, b) => a - b), sizes);
  assert(sizes[0] >= 2 && sizes[38] > 15_000);
  data.schema.fields.forEach(({ offset, rows }, f) => {
    for (const id of data.ids.subarray(f * 2000, (f + 1) * 2000)) assert(id > offset && id < offset + rows);
  });
  assertAlmostEquals(data.positives / 2000, 0.25, 0.04);
  assertEquals(zipfDataset({ rows: 2000, fields: 39, totalRows: 100_000, seed: 1 }).ids, data.ids);
});

Deno.test("zipf values have the stated distribution", () => {
  for (const exponent of [0, 1, 1.5]) {
    const data = zipfDataset({ rows: 40_000, fields: 1, totalRows: 11, exponent, seed: 2 });
    const counts = new Array(11).fill(0);
    for (const id of data.ids) counts[id]++;
    // F(x) = integral of t^-s from 1 to x, up to a factor.
    const F = (x: number) => exponent === 1 ? Math.log(x) : (x ** (1 - exponent) - 1) / (1 - exponent);
    for (let k = 0; k < 10; k++) {
      assertAlmostEquals(
        counts[k + 1] / 40_000,
        (F(k + 2) - F(k + 1)) / F(11),
        0.01,
        `exponent ${exponent}, value ${k}`,
      );
    }
  }
});

Deno.test("sizes that make no sense are refused", () => {
  assertThrows(
    () => zipfDataset({ rows: 10, fields: 5, totalRows: 9, seed: 1 }),
    RangeError,
    "1 values or more per field",
  );
  assertThrows(() => zipfDataset({ rows: 0, fields: 5, totalRows: 99, seed: 1 }), RangeError, "received 0 rows");
  assertThrows(() => plantedInteractions({ ...OPTIONS, seed: -1 }), RangeError, "seed must be an integer");
  assertThrows(
    () => plantedInteractions({ ...OPTIONS, vocabularies: [3, 1] }),
    RangeError,
    "2 values or more per field",
  );
  assertThrows(() => plantedInteractions({ ...OPTIONS, vocabularies: [3] }), RangeError, "there must be 2 fields");
});
