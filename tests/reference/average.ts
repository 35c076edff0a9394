/**
 * Average of vectors in float64, one after the other: a += rate (w - a).
 *
 * @param rateOf rate of the n-th vector, counted from 1
 */
export function averageOf(vectors: readonly Float32Array[], rateOf: (n: number) => number): Float64Array {
  const average = new Float64Array(vectors[0].length);
  vectors.forEach((vector, i) => {
    for (let k = 0; k < vector.length; k++) average[k] += rateOf(i + 1) * (vector[k] - average[k]);
  });
  return average;
}
