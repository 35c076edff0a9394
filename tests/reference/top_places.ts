/** Choice of places of a history, in float64. */
import type { HistorySizes } from "./history.ts";
import { largestPlaces } from "./target_heads.ts";

type Numbers = Float64Array;

/** y[b, i, :] = x[b, t, :] of the i-th place, in order of time, of the `top` with the largest scores; else 0. */
export function takeLargest(sizes: HistorySizes, top: number, x: Numbers, scores: Numbers, lengths: Numbers): Numbers {
  return take(sizes, top, x, (b) => {
    const row = Array.from(scores.subarray(b * sizes.places, b * sizes.places + lengths[b]));
    return largestPlaces(row, top);
  });
}

/** y[b, i, :] = x[b, t, :] of the i-th of the last `top` places with history[t M + m, b] = ids[f, b]; else 0. */
export function takeEqual(
  sizes: HistorySizes,
  { top, field, member, members }: { top: number; field: number; member: number; members: number },
  [x, ids, history, lengths]: readonly Numbers[],
): Numbers {
  const { batch } = sizes;
  return take(sizes, top, x, (b) => {
    const places = Array.from({ length: lengths[b] }, (_, t) => t);
    return places.filter((t) => history[(t * members + member) * batch + b] === ids[field * batch + b]).slice(-top);
  });
}

function take(
  { batch, places, width }: HistorySizes,
  top: number,
  x: Numbers,
  placesOf: (b: number) => number[],
): Numbers {
  const y = new Float64Array(batch * top * width);
  for (let b = 0; b < batch; b++) {
    for (const [i, t] of placesOf(b).entries()) {
      for (let n = 0; n < width; n++) y[(b * top + i) * width + n] = x[(b * places + t) * width + n];
    }
  }
  return y;
}
