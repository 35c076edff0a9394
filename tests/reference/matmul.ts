/** Multiplies a [M, K] (stored [K, M] when `aTransposed`) and b [K, N] (stored [N, K] when `bTransposed`). */
export function matmulReference(
  a: Float64Array,
  b: Float64Array,
  [m, k, n]: readonly [number, number, number],
  aTransposed = false,
  bTransposed = false,
): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++) {
        y[i * n + j] += a[aTransposed ? l * m + i : i * k + l] * b[bTransposed ? j * k + l : l * n + j];
      }
    }
  }
  return y;
}
