import { ACTIVATIONS, dropoutScale } from "./pointwise.ts";

/** Sizes and switches of {@linkcode batchNorm}. */
export interface BatchNormCase {
  /** Columns N. */
  columns: number;
  /** Valid rows; those past them do not count. */
  rows: number;
  activation?: "none" | "relu" | "sigmoid" | "tanh" | "leaky_relu";
  dropout?: { rate: number; salt: number };
}

/** Mean and biased variance of each column over the first `rows` rows of `[B, N]`, in float64. */
export function moments(x: Float64Array, columns: number, rows: number): { mean: number[]; variance: number[] } {
  const mean = new Array(columns).fill(0);
  const variance = new Array(columns).fill(0);
  for (let n = 0; n < columns; n++) {
    for (let b = 0; b < rows; b++) mean[n] += x[b * columns + n] / rows;
    for (let b = 0; b < rows; b++) variance[n] += (x[b * columns + n] - mean[n]) ** 2 / rows;
  }
  return { mean, variance };
}

/** Batch normalization with given statistics, activation and dropout, in float64. */
export function normalize(
  { x, gamma, beta }: Record<string, Float64Array>,
  { mean, variance }: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  { columns, activation = "none", dropout }: BatchNormCase,
): Float64Array {
  return x.map((value, i) => {
    const n = i % columns;
    const z = (value - mean[n]) / Math.sqrt(variance[n] + 1e-5) * gamma[n] + beta[n];
    return ACTIVATIONS[activation](z) * (dropout ? dropoutScale(dropout.rate, dropout.salt, i) : 1);
  });
}

/** Batch normalization over batch statistics, in float64. */
export function batchNorm(inputs: Record<string, Float64Array>, options: BatchNormCase): Float64Array {
  return normalize(inputs, moments(inputs.x, options.columns, options.rows), options);
}
