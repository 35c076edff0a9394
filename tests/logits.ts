/** Logits of a model: taken from probabilities, those beyond 8 have a rounding error of 1e-4 and more. */
import type { Dataset } from "../src/data/dataset.ts";
import type { Model } from "../src/model.ts";

/** Returns the logits of each row by task, as the device computes them. */
export async function logitsOf(model: Model, data: Dataset): Promise<number[][]> {
  await using scorer = await model.scorer({ batchSizes: [data.rows], processor: "never" });
  const { logits } = await scorer.score(data);
  const tasks = logits.length / data.rows;
  return Array.from({ length: tasks }, (_, t) => Array.from({ length: data.rows }, (_, b) => logits[b * tasks + t]));
}
