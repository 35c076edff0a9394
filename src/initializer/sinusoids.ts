/**
 * Waves of different lengths as first positions.
 *
 * @module
 */
import type { Initializer } from "../initializer.ts";

/** Ratio of the longest wave to the shortest. */
const LONGEST = 10_000;

/**
 * Fills rows with waves: column 2 i of row t with sin(t / 10000^(2 i / width)), column 2 i + 1 with the cosine.
 *
 * Vaswani et al., NIPS 2017, section 3.5.
 *
 * @param width columns of a row
 * @throws {RangeError} when the width is not a positive integer
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const out = new Float32Array(8);
 * sinusoids(4).fill(out, { fanIn: 4, fanOut: 4, seed: 1, name: "position" });
 * assert.deepEqual([...out.subarray(0, 5)], [0, 1, 0, 1, Math.fround(Math.sin(1))]);
 * ```
 */
export function sinusoids(width: number): Initializer {
  if (!(Number.isInteger(width) && width > 0)) {
    throw new RangeError(`Cannot initialize: width must be a positive integer, received ${width}`);
  }
  return {
    name: `sinusoids(${width})`,
    fill: (out, { offset = 0 }) => {
      for (let i = 0; i < out.length; i++) {
        const [row, column] = [Math.floor((offset + i) / width), (offset + i) % width];
        const angle = row / LONGEST ** ((column - column % 2) / width);
        out[i] = column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      }
    },
  };
}
