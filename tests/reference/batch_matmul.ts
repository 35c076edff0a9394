/** Float64 loops for a matrix product for each sample. */

/** Sizes of y[b] = a[b] b[b], and which factors are given transposed. */
export interface BatchProduct {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a?: "transposed";
  readonly b?: "transposed";
}

/** y[b, i, j] = sum_t a[b, i, t] b[b, t, j]. */
export function batchMatmulReference(a: Float64Array, b: Float64Array, product: BatchProduct): Float64Array {
  const { m, n, k } = product;
  const y = new Float64Array(a.length / k * n);
  for (let at = 0; at < y.length; at++) {
    const [sample, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    for (let t = 0; t < k; t++) {
      const left = a[sample * m * k + (product.a ? t * m + i : i * k + t)];
      y[at] += left * b[sample * k * n + (product.b ? j * k + t : t * n + j)];
    }
  }
  return y;
}
