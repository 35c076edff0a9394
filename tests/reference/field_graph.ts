/** Float64 loops for weights of edges between fields. */

/** w[b, i, j] = softmax_{j != i}(leaky(s[b, i, 0] + s[b, j, 1])), 0 on the diagonal. */
export function fieldGraphReference(s: Float64Array, fields: number, slope: number): Float64Array {
  const w = new Float64Array(s.length / 2 * fields);
  for (let row = 0; row < s.length / 2; row++) {
    const sample = row - row % fields;
    const scores = Array.from({ length: fields }, (_, j) => {
      const z = s[2 * row] + s[2 * (sample + j) + 1];
      return j === row % fields ? 0 : Math.exp(Math.max(z, slope * z));
    });
    const sum = scores.reduce((total, score) => total + score, 0);
    scores.forEach((score, j) => w[row * fields + j] = sum > 0 ? score / sum : 0);
  }
  return w;
}
