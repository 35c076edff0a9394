/** Float64 loops for the top of a compressed interaction network. */

/** What {@linkcode topReference} reads. */
export interface TopInputs {
  weight: Float64Array;
  bias: Float64Array;
  top: Float64Array;
  topBias?: Float64Array;
}

/** form[t] = sum_h weight[t, h] top[E + h]; offset = dim sum_h bias[h] top[E + h] + topBias; earlier = the first E. */
export function topReference(
  { weight, bias, top, topBias }: TopInputs,
  dim: number,
): { form: Float64Array; offset: number; earlier: Float64Array } {
  const outs = bias.length;
  const earlier = top.slice(0, top.length - outs);
  const last = top.slice(top.length - outs);
  const dot = (row: Float64Array) => row.reduce((sum, number, h) => sum + number * last[h], 0);
  const form = Float64Array.from(
    { length: weight.length / outs },
    (_, t) => dot(weight.slice(t * outs, (t + 1) * outs)),
  );
  return { form, offset: dim * dot(bias) + (topBias?.[0] ?? 0), earlier };
}

/** y[b] = offset + z[b] . x0[b] + pooled[b] . top. */
export function logitReference(
  { offset, z, x0, pooled, top }: Record<"offset" | "z" | "x0" | "pooled" | "top", Float64Array>,
): Float64Array {
  const batch = pooled.length / top.length;
  const width = z.length / batch;
  return Float64Array.from({ length: batch }, (_, b) => {
    let sum = offset[0];
    for (let n = b * width; n < (b + 1) * width; n++) sum += z[n] * x0[n];
    for (let p = 0; p < top.length; p++) sum += pooled[b * top.length + p] * top[p];
    return sum;
  });
}
