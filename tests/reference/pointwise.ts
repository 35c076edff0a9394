/** Activations in float64. */
export const ACTIVATIONS: Record<"none" | "relu" | "sigmoid" | "tanh" | "leaky_relu", (z: number) => number> = {
  none: (z) => z,
  relu: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  leaky_relu: (z) => z > 0 ? z : 0.01 * z,
};

/** What dropout multiplies element `index` by: the hash of seed, step, layer and index in 32-bit integers. */
export function dropoutScale(rate: number, salt: number, index: number, { step = 1, seed = 1 } = {}): number {
  const word = pcg(index ^ pcg(step ^ pcg(salt ^ pcg(seed))));
  return (word >>> 8) / 2 ** 24 >= Math.fround(rate) ? 1 / (1 - rate) : 0;
}

function pcg(word: number): number {
  const state = (Math.imul(word, 747796405) + 2891336453) >>> 0;
  const mixed = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((mixed >>> 22) ^ mixed) >>> 0;
}

/** Computes z Phi(z), the normal distribution function by Simpson's rule from 0 to z. */
export function gelu(z: number): number {
  const steps = 60;
  const density = (t: number): number => Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(z);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 0 ? 2 : 4) * density(i * z / steps);
  return z * (0.5 + sum * z / steps / 3);
}
