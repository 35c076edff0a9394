/** Histories in float64: what is computed over the places of lists of different lengths. */

/** Sizes of a history. */
export interface HistorySizes {
  batch: number;
  places: number;
  width: number;
  /** Places at the end that are always there. */
  targets?: number;
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
function eachPlace(sizes: HistorySizes, lengths: Numbers, visit: (b: number, t: number) => void): void {
  const { batch, places, targets = 0 } = sizes;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < places; t++) if (t < lengths[b] || t >= places - targets) visit(b, t);
  }
}

/** y[b, n] = sum, mean or max over the places of x[b, t, n]; with weights the mean divides by their sum. */
export function pool(sizes: HistorySizes, mode: string, x: Numbers, lengths: Numbers, weights?: Numbers): Numbers {
  const { batch, places, width } = sizes;
  const y = new Float64Array(batch * width);
  const divisors = new Float64Array(batch);
  const seen = new Set<number>();
  eachPlace(sizes, lengths, (b, t) => {
    const isFirst = !seen.has(b);
    seen.add(b);
    divisors[b] += weights ? weights[t * batch + b] : 1;
    for (let n = 0; n < width; n++) {
      const value = x[(b * places + t) * width + n];
      const at = b * width + n;
      y[at] = mode === "max" ? (isFirst ? value : Math.max(y[at], value)) : y[at] + value;
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

/** y[b, t] = sum_n row[b, n] x[b, t, n], 0 past the end. */
export function placeDots(sizes: HistorySizes, x: Numbers, row: Numbers, lengths: Numbers): Numbers {
  const { batch, places, width } = sizes;
  const y = new Float64Array(batch * places);
  eachPlace(sizes, lengths, (b, t) => {
    for (let n = 0; n < width; n++) y[b * places + t] += row[b * width + n] * x[(b * places + t) * width + n];
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

/** z[b, t, :] = (q, k, q - k, q * k), of one target a row or one a place. */
export function compare({ batch, places, width }: HistorySizes, target: Numbers, items: Numbers): Numbers {
  const z: number[] = [];
  const byPlace = target.length > batch * width || places === 1;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < places; t++) {
      const row = byPlace ? b * places + t : b;
      const q = target.subarray(row * width, (row + 1) * width);
      const k = items.subarray((b * places + t) * width, (b * places + t + 1) * width);
      z.push(...q, ...k, ...q.map((value, n) => value - k[n]), ...q.map((value, n) => value * k[n]));
    }
  }
  return Float64Array.from(z);
}

/** Which places attend to which, written down place by place. */
export interface MaskSizes {
  causal?: boolean;
  targets?: number;
  ordered?: boolean;
  context?: number;
  window?: number;
  full?: number;
}

/** Whether place i of a row attends to place j; places are those of the history and targets behind `places - targets`. */
export function allows(mask: MaskSizes, places: number, length: number, i: number, j: number): boolean {
  const { causal = false, targets = 0, ordered = false, context = 0, window = 0, full = 0 } = mask;
  const exists = (t: number) => t < length || t >= places - targets;
  if (!exists(i) || !exists(j)) return false;
  const shift = context > 0 ? context - 1 : 0;
  const last = length - shift;
  const first = places - targets;
  const rank = (t: number) => ordered && t >= first ? last + t - first : Math.min(Math.max(t - shift, 0), last);
  const distance = rank(i) - rank(j);
  let allowed = i === j || (causal ? distance > 0 : distance !== 0);
  if (window > 0) allowed &&= i === j || distance <= window || (full > 0 && rank(i) >= last - full);
  if (context > 0) allowed ||= rank(i) === 0 && rank(j) < last;
  return allowed;
}

/** Sizes of attention among places. */
export interface AttentionSizes extends MaskSizes {
  batch: number;
  places: number;
  heads: number;
  query: number;
  value: number;
  scale: number;
  /** Divisor of SiLU weights; softmax when absent. */
  divisor?: number;
}

/** o_i = sum_j w_ij v_j, head by head. */
export function historyAttention(sizes: AttentionSizes, x: Numbers, lengths: Numbers): Numbers {
  const { batch, places, heads, query, value, scale, divisor } = sizes;
  const row = heads * (2 * query + value);
  const o = new Float64Array(batch * places * heads * value);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const at = (t: number, part: number) =>
        (b * places + t) * row + part * heads * query + h * (part < 2 ? query : value);
      for (let i = 0; i < places; i++) {
        const keys = Array.from({ length: places }, (_, j) => j).filter((j) => allows(sizes, places, lengths[b], i, j));
        const scores = keys.map((j) => {
          let dot = 0;
          for (let d = 0; d < query; d++) dot += x[at(i, 0) + d] * x[at(j, 1) + d];
          return scale * dot;
        });
        const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
        keys.forEach((j, n) => {
          const weight = divisor ? scores[n] / (1 + Math.exp(-scores[n])) / divisor : Math.exp(scores[n]) / sum;
          for (let d = 0; d < value; d++) {
            o[(b * places + i) * heads * value + h * value + d] += weight * x[at(j, 2) + d];
          }
        });
      }
    }
  }
  return o;
}

/** Sizes of attention whose normalized sums a gate multiplies. */
export interface GatedSizes extends AttentionSizes {
  /** Added to the variance of the sums. */
  eps: number;
  /** Whether the result has the gate and the sums as they are beside the gated ones. */
  sees?: boolean;
}

/** silu(u) LN(o) place by place, behind silu(u) and o where they are seen. */
export function gatedAttention(
  sizes: GatedSizes,
  x: Numbers,
  lengths: Numbers,
  gamma: Numbers,
  beta: Numbers,
): Numbers {
  const { batch, places, heads, query, value, sees, eps } = sizes;
  const [width, all] = [heads * value, heads * (2 * query + 2 * value)];
  const rows = Array.from({ length: batch * places }, (_, r) => x.subarray(r * all, (r + 1) * all));
  const o = historyAttention(sizes, Float64Array.from(rows.flatMap((row) => [...row.subarray(width)])), lengths);
  return Float64Array.from(rows.flatMap((row, r) => {
    const sums = [...o.subarray(r * width, (r + 1) * width)];
    const mean = sums.reduce((sum, other) => sum + other, 0) / width;
    const variance = sums.reduce((sum, other) => sum + (other - mean) ** 2, 0) / width;
    const gate = [...row.subarray(0, width)].map((z) => z / (1 + Math.exp(-z)));
    const gated = sums.map((sum, n) => gate[n] * (gamma[n] * (sum - mean) / Math.sqrt(variance + eps) + beta[n]));
    return sees ? [...gate, ...sums, ...gated] : gated;
  }));
}

/** Adds p[position(t)] to each place that is there, or puts it beside. */
export function positions(
  { batch, places, width }: HistorySizes,
  { from, targets = 0, apart }: { from?: string; targets?: number; apart?: boolean },
  x: Numbers,
  p: Numbers,
  lengths: Numbers,
): Numbers {
  const own = p.length / places;
  const y: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < places; t++) {
      const history = places - targets;
      const exists = t < lengths[b] || t >= history;
      const position = from === "latest" && t < history ? t + history - lengths[b] : t;
      const vector = Array.from({ length: own }, (_, n) => exists ? p[position * own + n] : 0);
      const row = [...x.subarray((b * places + t) * width, (b * places + t + 1) * width)];
      y.push(...(apart ? [...row, ...vector] : row.map((value, n) => value + vector[n])));
    }
  }
  return Float64Array.from(y);
}

/** y[b, i, :] = x[b, lengths[b] - count + i, :], or 0 before the first place, the first one being `i = 0` where aligned. */
export function latest(
  { batch, places, width }: HistorySizes,
  { count, aligned = false }: { count: number; aligned?: boolean },
  x: Numbers,
  lengths: Numbers,
): Numbers {
  const y = new Float64Array(batch * count * width);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < count; i++) {
      const t = i + (aligned ? Math.max(lengths[b] - count, 0) : lengths[b] - count);
      for (let n = 0; t >= 0 && t < lengths[b] && n < width; n++) {
        y[(b * count + i) * width + n] = x[(b * places + t) * width + n];
      }
    }
  }
  return y;
}

/** z[b, 2 t] = (states[b, t - 1], items[b, t]), z[b, 2 t + 1] the same with negatives. */
export function nextItemPairs(
  { batch, places, width }: HistorySizes,
  units: number,
  states: Numbers,
  items: Numbers,
  negatives: Numbers,
): Numbers {
  const z: number[] = [];
  for (let place = 0; place < batch * places; place++) {
    const before = place % places === 0
      ? new Array(units).fill(0)
      : states.subarray((place - 1) * units, place * units);
    for (const x of [items, negatives]) z.push(...before, ...x.subarray(place * width, (place + 1) * width));
  }
  return Float64Array.from(z);
}

/** Mean over all places t > 0 of -ln sigmoid(s[b, 2 t]) - ln sigmoid(-s[b, 2 t + 1]). */
export function nextItemLoss(sizes: HistorySizes, scores: Numbers, lengths: Numbers): number {
  let [sum, terms] = [0, 0];
  eachPlace(sizes, lengths, (b, t) => {
    if (t === 0) return;
    const first = 2 * (b * sizes.places + t);
    sum += Math.log1p(Math.exp(-scores[first])) + Math.log1p(Math.exp(scores[first + 1]));
    terms++;
  });
  return terms === 0 ? 0 : sum / terms;
}
