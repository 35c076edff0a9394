/** Cross of fields in float64, by the formula: z[b, h, d] = act(bias[h] + sum w[i F + j, h] x[b, i, d] y[b, j, d]). */
export interface CinSizes {
  left: number;
  right: number;
  outs: number;
  dim: number;
}

export function cinReference(
  { x, y, w, bias }: Record<"x" | "y" | "w" | "bias", Float64Array>,
  { left, right, outs, dim }: CinSizes,
  relu: boolean,
): Float64Array {
  const batch = x.length / (left * dim);
  const z = new Float64Array(batch * outs * dim);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < outs; h++) {
      for (let d = 0; d < dim; d++) {
        let sum = bias[h];
        for (let i = 0; i < left; i++) {
          for (let j = 0; j < right; j++) {
            sum += w[(i * right + j) * outs + h] * x[(b * left + i) * dim + d] * y[(b * right + j) * dim + d];
          }
        }
        z[(b * outs + h) * dim + d] = relu ? Math.max(0, sum) : sum;
      }
    }
  }
  return z;
}

/** Sums each row of `dim` numbers. */
export function poolReference(z: Float64Array, dim: number): Float64Array {
  return Float64Array.from({ length: z.length / dim }, (_, row) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += z[row * dim + d];
    return sum;
  });
}
