/**
 * The weights of losses that flags declare.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { requireTaskWeights, type TaskWeights } from "../trainer/tasks.ts";
import type { Options } from "./options.ts";

/**
 * Reads the weights of the tasks' losses.
 *
 * @throws {UsageError} when a task or a weight is none
 */
export function readTaskWeights(options: Options<"task-weights">, { schema }: Dataset): TaskWeights | undefined {
  const text = options.text("task-weights");
  if (text === undefined || text === "uncertainty") return text;
  const weights = Object.fromEntries(
    options.list("task-weights").map((pair) => {
      const equals = pair.lastIndexOf("=");
      if (equals < 1) options.refuse(`option "--task-weights" must be like click=1,buy=0.5, received "${text}"`);
      const number = pair.slice(equals + 1);
      return [pair.slice(0, equals), number === "" ? NaN : Number(number)];
    }),
  );
  try {
    requireTaskWeights(schema, weights);
    return weights;
  } catch (error) {
    return options.refuse((error as Error).message.replace(/^Cannot train: /, 'option "--task-weights": '));
  }
}
