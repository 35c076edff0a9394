/**
 * Unit matrices as first values.
 *
 * @module
 */
import type { Initializer } from "../initializer.ts";

/**
 * Fills matrices `[..., size, size]` with 1 on the diagonal and 0 elsewhere.
 *
 * @throws {RangeError} when the size is not a positive integer
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(8);
 * unitMatrices(2).fill(out, { fanIn: 2, fanOut: 2, seed: 7, name: "w" });
 * assert.deepEqual([...out], [1, 0, 0, 1, 1, 0, 0, 1]);
 * ```
 */
export function unitMatrices(size: number): Initializer {
  if (!(Number.isInteger(size) && size > 0)) {
    throw new RangeError(`Cannot create initializer: size must be a positive integer, received ${size}`);
  }
  return {
    name: `unitMatrices(${size})`,
    fill: (out, { offset = 0 }) => {
      for (let i = 0; i < out.length; i++) out[i] = Number((offset + i) % (size * size) % (size + 1) === 0);
    },
  };
}
