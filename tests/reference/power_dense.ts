import { batchNorm, normalize } from "./batch_norm.ts";
import { matmulReference } from "./matmul.ts";

/** Sizes of a case. */
export interface PowerCase {
  batch: number;
  fields: number;
  dim: number;
  neurons: number;
  units: number;
  /** Valid rows. @default the batch */
  rows?: number;
}

/** Products of powers, p[(b, d), n] = exp(sum_f w[f, n] l[b, f, d]), in float64. */
export function powersReference(
  { l, w }: Record<string, Float64Array>,
  { batch, fields, dim, neurons }: PowerCase,
): Float64Array {
  const p = new Float64Array(batch * dim * neurons);
  for (let b = 0; b < batch; b++) {
    for (let d = 0; d < dim; d++) {
      for (let n = 0; n < neurons; n++) {
        let sum = 0;
        for (let f = 0; f < fields; f++) sum += w[f * neurons + n] * l[(b * fields + f) * dim + d];
        p[(b * dim + d) * neurons + n] = Math.exp(sum);
      }
    }
  }
  return p;
}

/** A dense layer over normalized products of powers, in float64. */
export function powerDenseReference(
  inputs: Record<string, Float64Array>,
  sizes: PowerCase,
  training: boolean,
): Float64Array {
  const { batch, dim, neurons, units, rows = batch } = sizes;
  const { gamma, beta, mean, variance, weight, bias } = inputs;
  const columns = { x: powersReference(inputs, sizes), gamma, beta };
  const options = { columns: neurons, rows: rows * dim };
  const even = training ? batchNorm(columns, options) : normalize(columns, { mean, variance }, options);
  const flat = even.map((_, i) => {
    const [b, n, d] = [Math.floor(i / dim / neurons), Math.floor(i / dim) % neurons, i % dim];
    return even[(b * dim + d) * neurons + n];
  });
  return matmulReference(flat, weight, [batch, neurons * dim, units]).map((value, i) => value + bias[i % units]);
}
