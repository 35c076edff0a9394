import type { Activation } from "../../src/ops/dense/dense.ts";
import { matmulReference } from "./matmul.ts";

const ACTIVATE: Record<Activation, (z: number) => number> = {
  none: (z) => z,
  relu: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  leaky_relu: (z) => z > 0 ? z : 0.01 * z,
};

/** Computes act(x W + bias) for x [B, K] and weight [K, N]. */
export function denseReference(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array | undefined,
  sizes: readonly [number, number, number],
  activation: Activation,
): Float64Array {
  const n = sizes[2];
  return matmulReference(x, weight, sizes).map((z, i) => ACTIVATE[activation](z + (bias ? bias[i % n] : 0)));
}

function pcg(word: number): number {
  const state = (Math.imul(word, 747796405) + 2891336453) >>> 0;
  const mixed = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((mixed >>> 22) ^ mixed) >>> 0;
}

/** Computes the factors of dropout: 0 with probability `rate`, otherwise 1 / (1 - rate). */
export function dropoutReference(size: number, rate: number, salt: number, seed: number, index: number): Float64Array {
  const key = pcg((index ^ pcg((salt ^ pcg(seed)) >>> 0)) >>> 0);
  return Float64Array.from(
    { length: size },
    (_, i) => (pcg((i ^ key) >>> 0) >>> 8) / 2 ** 24 >= Math.fround(rate) ? 1 / (1 - rate) : 0,
  );
}
