/**
 * Convolutional click prediction model.
 *
 * Q. Liu, F. Yu, S. Wu, L. Wang: A Convolutional Click Prediction Model. CIKM 2015. Implements equations 1 to 4: wide
 * convolutions along the field axis and flexible pooling of the p largest rows.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { activation, dense, embedding, fieldConvolution, flatten, largestRows } from "../src/layers/mod.ts";

/** Options of CCPM. */
export interface CcpmOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Maps of each convolution. @default {[4, 4, 2]} */
  channels?: readonly number[];
  /** Rows that each kernel covers. @default {[6, 5, 3]} */
  kernels?: readonly number[];
}

/** Rows that the last pooling keeps, and every other one at least. */
const LEAST = 3;

/** Defines CCPM: logit = w . r + b with r the maps after convolution, pooling and tanh, layer by layer. */
export const ccpm: DefinitionFactory<CcpmOptions> = defineModel("ccpm", (x, options: CcpmOptions) => {
  const { dim = 16, channels = [4, 4, 2], kernels = [6, 5, 3] } = options;
  const layers = channels.length;
  let rows = x.fields.length;
  let maps = embedding(x, dim); // [B, F, D]
  channels.forEach((count, i) => {
    const input = { name: `conv.${i}`, channels: i === 0 ? 1 : channels[i - 1], padding: kernels[i] - 1 };
    const z = fieldConvolution(maps, count, kernels[i], input); // [B, C (N + K - 1), D]
    const share = 1 - Math.pow((i + 1) / layers, layers - i - 1);
    const flexible = i + 1 < layers ? Math.max(LEAST, Math.floor(share * x.fields.length)) : LEAST;
    rows = Math.min(flexible, rows + kernels[i] - 1);
    maps = activation(largestRows(z, count, rows), "tanh"); // [B, C N, D]
  });
  return dense(flatten(maps), 1, { name: "top" }); // logits [B, 1]
});
