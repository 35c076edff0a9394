/** Float64 loops for circular correlation and convolution. */
import type { CircularKind } from "../../src/ops/interaction/circular.ts";

/** c[n] = sum_k a[k] b[n + k], or a[k] b[n - k], modulo the width. */
export function circularProduct(a: Float64Array, b: Float64Array, kind: CircularKind): Float64Array {
  const width = a.length;
  const sign = kind === "correlation" ? 1 : -1;
  return a.map((_, n) => a.reduce((sum, value, k) => sum + value * b[(n + sign * k + width) % width], 0));
}

/** All pairs of fields of all samples, one behind the other. */
export function circularProducts(e: Float64Array, fields: number, dim: number, kind: CircularKind): Float64Array {
  const products: number[] = [];
  for (let b = 0; b < e.length / (fields * dim); b++) {
    const field = (f: number): Float64Array => e.subarray((b * fields + f) * dim, (b * fields + f + 1) * dim);
    for (let i = 0; i < fields; i++) {
      for (let j = i + 1; j < fields; j++) products.push(...circularProduct(field(i), field(j), kind));
    }
  }
  return Float64Array.from(products);
}
