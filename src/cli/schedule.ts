/**
 * The learning rate by step that flags declare.
 *
 * @module
 */
import { constant, cosine, oneCycle, polynomial, type StepSchedule, warmup } from "../schedule.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that declare a learning rate by step. */
export const SCHEDULE_OPTIONS = {
  schedule: {
    value: "NAME",
    help: "learning rate by step, --lr being the highest: constant, cosine, polynomial (a straight\nline to 0) or " +
      "one_cycle (default: it follows the evaluation)",
  },
  "warmup-steps": { value: "N", help: "steps in which the learning rate rises first" },
} as const satisfies OptionGroups[string];

/**
 * Reads the learning rate by step; undefined where it follows the evaluation.
 *
 * @param lr the optimizer's rate
 * @param steps steps of the whole training
 * @throws {UsageError} when the schedule is unknown, or the warm-up leaves no steps
 */
export function readSchedule(
  options: Options<keyof typeof SCHEDULE_OPTIONS>,
  lr: number,
  steps: number,
): StepSchedule | undefined {
  const rising = options.integer("warmup-steps", 1) ?? 0;
  const name = options.choice("schedule", ["constant", "cosine", "polynomial", "one_cycle"]);
  if (name === undefined && rising === 0) return undefined;
  if (rising >= steps) options.refuse(`option "--warmup-steps" must be below ${steps} steps, received "${rising}"`);
  const after = scheduleOf(name, lr, steps - rising);
  return rising > 0 ? warmup(rising, after) : after;
}

function scheduleOf(name: string | undefined, lr: number, steps: number): StepSchedule {
  switch (name) {
    case "cosine":
      return cosine({ lr, steps });
    case "polynomial":
      return polynomial({ lr, steps });
    case "one_cycle":
      return oneCycle({ lr, steps: Math.max(2, steps) });
    default:
      return constant(lr);
  }
}
