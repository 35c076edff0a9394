/** Histories in float64: what is computed over the places of lists of different lengths. */

/** Sizes of a history. */
export interface HistorySizes {
  batch: number;
  places: number;
  width: number;
}

type Numbers = Float64Array;

/** Turns random numbers in [-1, 1) into lengths 0 to `places`; the first two rows are empty and full. */
export function drawLengths(places: number): (values: Numbers) => Numbers {
  return (values) =>
    values.map((value, b) =>
      b === 0 && values.length > 1 ? 0 : b === 1 ? places : Math.floor((value + 1) * (places + 1) / 2)
    );
}

/** Calls back for each place t of each row b that its history has. */
function eachPlace({ batch }: HistorySizes, lengths: Numbers, visit: (b: number, t: number) => void): void {
  for (let b = 0; b < batch; b++) for (let t = 0; t < lengths[b]; t++) visit(b, t);
}

/** y[b, n] = sum, mean or max over the places of x[b, t, n]; with weights the mean divides by their sum. */
export function pool(sizes: HistorySizes, mode: string, x: Numbers, lengths: Numbers, weights?: Numbers): Numbers {
  const { batch, places, width } = sizes;
  const y = new Float64Array(batch * width);
  const divisors = new Float64Array(batch);
  eachPlace(sizes, lengths, (b, t) => {
    divisors[b] += weights ? weights[t * batch + b] : 1;
    for (let n = 0; n < width; n++) {
      const value = x[(b * places + t) * width + n];
      const at = b * width + n;
      y[at] = mode === "max" ? (t === 0 ? value : Math.max(y[at], value)) : y[at] + value;
    }
  });
  return mode === "mean"
    ? y.map((sum, i) => divisors[Math.floor(i / width)] === 0 ? 0 : sum / divisors[Math.floor(i / width)])
    : y;
}

/** y[b, n] = sum over the places of w[b, t] x[b, t, n]. */
export function weightedPool(sizes: HistorySizes, x: Numbers, w: Numbers, lengths: Numbers): Numbers {
  const { batch, places, width } = sizes;
  const y = new Float64Array(batch * width);
  eachPlace(sizes, lengths, (b, t) => {
    for (let n = 0; n < width; n++) y[b * width + n] += w[b * places + t] * x[(b * places + t) * width + n];
  });
  return y;
}

/** w[b, t] = exp(s[b, t]) / sum over the places, 0 past the end. */
export function placeSoftmax(sizes: HistorySizes, scores: Numbers, lengths: Numbers): Numbers {
  const { batch, places } = sizes;
  const sums = new Float64Array(batch);
  eachPlace(sizes, lengths, (b, t) => sums[b] += Math.exp(scores[b * places + t]));
  const w = new Float64Array(batch * places);
  eachPlace(sizes, lengths, (b, t) => w[b * places + t] = Math.exp(scores[b * places + t]) / sums[b]);
  return w;
}

/** z[b, t, :] = (q, k, q - k, q * k). */
export function compare({ batch, places, width }: HistorySizes, target: Numbers, items: Numbers): Numbers {
  const z: number[] = [];
  for (let b = 0; b < batch; b++) {
    const q = target.subarray(b * width, (b + 1) * width);
    for (let t = 0; t < places; t++) {
      const k = items.subarray((b * places + t) * width, (b * places + t + 1) * width);
      z.push(...q, ...k, ...q.map((value, n) => value - k[n]), ...q.map((value, n) => value * k[n]));
    }
  }
  return Float64Array.from(z);
}
