/** Float64 loops for pooling by a softmax over fields. */

/** y[b, h] = sum_f softmax_f(s[b, f, h]) x[b, f, h] over heads of D / H columns. */
export function attendFieldsReference(
  x: Float64Array,
  s: Float64Array,
  { fields, dim, heads }: { fields: number; dim: number; heads: number },
): Float64Array {
  return Float64Array.from({ length: x.length / fields }, (_, at) => {
    const [b, d] = [Math.floor(at / dim), at % dim];
    const head = Math.floor(d / (dim / heads));
    const weights = Array.from({ length: fields }, (_, f) => Math.exp(s[(b * fields + f) * heads + head]));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.reduce((total, weight, f) => total + weight / sum * x[(b * fields + f) * dim + d], 0);
  });
}
