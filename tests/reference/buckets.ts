/** Buckets of how like a target the places of a history are, in float64. */

/** Returns the bucket of the cosine of two vectors, of `count` of one width between -1 and 1. */
export function bucketOf(q: Float64Array, x: Float64Array, count: number): number {
  const product = q.reduce((sum, value, n) => sum + value * x[n], 0);
  const cosine = product / Math.max(Math.hypot(...q) * Math.hypot(...x), 1e-30);
  return Math.min(Math.floor((Math.min(Math.max(cosine, -1), 1) + 1) / 2 * count), count - 1);
}
