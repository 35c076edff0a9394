/**
 * Activations over arrays.
 *
 * @module
 */
import type { Activation } from "../ops/dense/matmul.ts";

/** Applies an activation to the first `count` numbers of x, and writes them to y, which may be x. */
export function activate(activation: Activation, x: Float32Array, y: Float32Array, count: number): void {
  if (activation === "relu") relu(x, y, count);
  else if (activation === "sigmoid") { for (let i = 0; i < count; i++) y[i] = sigmoid(x[i]); }
  else if (activation === "tanh") { for (let i = 0; i < count; i++) y[i] = Math.tanh(x[i]); }
  else if (activation === "leaky_relu") { for (let i = 0; i < count; i++) y[i] = Math.max(x[i], 0.01 * x[i]); }
  else if (x !== y) { for (let i = 0; i < count; i++) y[i] = x[i]; }
}

/** Returns 1 / (1 + exp(-z)). */
export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

function relu(x: Float32Array, y: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) y[i] = x[i] > 0 ? x[i] : 0;
}
