/**
 * Variants for drivers on the processor, by the time that they take there.
 *
 * @module
 */
import type { Emitter } from "../graph/node.ts";
import type { Problem, Variant } from "../kernels/variant.ts";
import { isWorthImages } from "./drivers.ts";

/** Time of an operation with factors in images, where one with factors in buffers takes 1. */
const IMAGES = { worth: 0.5, notWorth: 2 };

/** Returns a variant whose threads are few and long, with factors in buffers. */
export function bufferVariant<Task, P extends Problem>(
  name: string,
  flops: (problem: P) => number,
  emit: (k: Emitter, task: Task, problem: P) => void,
): Variant<Task, P> {
  return { name, fits: () => true, cost: (_, problem) => flops(problem), emit };
}

/**
 * Returns the variant with factors in images.
 *
 * @param fits whether it computes a problem at all
 */
export function imageVariant<Task, P extends Problem>(
  fits: (problem: P) => boolean,
  flops: (problem: P) => number,
  emit: (k: Emitter, task: Task, problem: P) => void,
): Variant<Task, P> {
  return {
    name: "images",
    fits: ({ storageTextures }, problem) => storageTextures && fits(problem),
    cost: (profile, problem) => {
      const isWorth = isWorthImages(profile, flops(problem));
      return flops(problem) * (isWorth ? IMAGES.worth : IMAGES.notWorth);
    },
    emit,
  };
}
