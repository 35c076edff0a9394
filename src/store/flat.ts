/**
 * Many small tensors in one buffer.
 *
 * @module
 */
import type { Parameter } from "../graph/parameter.ts";

/** Floats to which each parameter is aligned, since buffer ranges start at multiples of 256 bytes. */
export const BLOCK = 64;

/** Dense numbers in one flat buffer, each tensor at an aligned offset. */
export interface Flat {
  /** First float of each tensor. */
  readonly offsets: ReadonlyMap<Parameter, number>;
  /** Floats of the buffer, a multiple of 64. */
  readonly count: number;
}

/** Lays parameters out one behind the other. */
export function layOut(parameters: readonly Parameter[]): Flat {
  const offsets = new Map<Parameter, number>();
  let count = 0;
  for (const parameter of parameters) {
    offsets.set(parameter, count);
    count += Math.ceil(sizeOfParameter(parameter) / BLOCK) * BLOCK;
  }
  return { offsets, count: Math.max(count, BLOCK) };
}

/** Returns the number of elements of a parameter. */
export function sizeOfParameter(parameter: Parameter): number {
  return parameter.shape.reduce((product, dim) => product * dim, 1);
}
