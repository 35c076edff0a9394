/** Attention of one query per head to the places of a history, in float64. */
import type { HistorySizes } from "./history.ts";

/** Sizes of a history with heads. */
export interface HeadSizes extends HistorySizes {
  heads: number;
  /** Whether each head reads its own columns only. */
  split?: boolean;
  scale: number;
  softmax?: boolean;
  window?: number;
  top?: number;
}

type Numbers = Float64Array;

/** Returns the places of the `top` largest scores, the newer one among equals, in order of time. */
export function largestPlaces(scores: readonly number[], top: number): number[] {
  const order = scores.map((_, t) => t).sort((a, b) => scores[b] - scores[a] || b - a);
  return order.slice(0, top).sort((a, b) => a - b);
}

/** y[b, h, :] = sum_t w[b, h, t] x[b, t, :] with w the softmax of scale q . x, or that product, over the places that count. */
export function targetHeads(sizes: HeadSizes, q: Numbers, x: Numbers, lengths: Numbers): Numbers {
  const { batch, places, width, heads, split, scale, softmax = true, window = places, top = places } = sizes;
  const columns = split ? width / heads : width;
  const y = new Float64Array(batch * heads * columns);
  for (let b = 0; b < batch; b++) {
    const first = Math.max(0, lengths[b] - window);
    for (let h = 0; h < heads; h++) {
      const at = (b * heads + h) * columns;
      const value = (t: number, n: number) => x[(b * places + t) * width + (split ? h * columns : 0) + n];
      const scores = Array.from({ length: lengths[b] - first }, (_, i) => {
        let sum = 0;
        for (let n = 0; n < columns; n++) sum += q[at + n] * value(first + i, n);
        return scale * sum;
      });
      const taken = largestPlaces(scores, top);
      const total = taken.reduce((sum, i) => sum + Math.exp(scores[i]), 0);
      const weights = scores.map((score) => softmax ? Math.exp(score) / total : score);
      for (const i of taken) {
        for (let n = 0; n < columns; n++) y[at + n] += weights[i] * value(first + i, n);
      }
    }
  }
  return y;
}
