/** Hash codes by the signs of projections, and attention by their collisions, in float64. */
import type { HistorySizes } from "./history.ts";

/** Sizes of a history and of the codes of its places. */
export interface HashSizes extends HistorySizes {
  codes: number;
  bits: number;
}

type Numbers = Float64Array;

/** Returns bit i of each code g of a row: whether row . directions[g, i, :] > 0. */
export function codesOf({ width, codes, bits }: HashSizes, row: Numbers, directions: Numbers): string[] {
  return Array.from({ length: codes }, (_, g) =>
    Array.from({ length: bits }, (_, i) => {
      const direction = directions.subarray((g * bits + i) * width, (g * bits + i + 1) * width);
      return row.reduce((sum, value, n) => sum + value * direction[n], 0) > 0 ? "1" : "0";
    }).join(""));
}

function eachMatch(
  sizes: HashSizes,
  q: Numbers,
  x: Numbers,
  lengths: Numbers,
  directions: Numbers,
  visit: (b: number, t: number, own: string[], others: string[], row: Numbers) => void,
): void {
  const { batch, places, width } = sizes;
  for (let b = 0; b < batch; b++) {
    const own = codesOf(sizes, q.subarray(b * width, (b + 1) * width), directions);
    for (let t = 0; t < lengths[b]; t++) {
      const row = x.subarray((b * places + t) * width, (b * places + t + 1) * width);
      visit(b, t, own, codesOf(sizes, row, directions), row);
    }
  }
}

/** y[b, :] = 1/m sum_j of the sum, perhaps normalized, of the places whose code j is the target's. */
export function hashAttention(
  sizes: HashSizes,
  normalize: boolean,
  [q, x, lengths, directions]: readonly Numbers[],
): Numbers {
  const { batch, width, codes } = sizes;
  const sums = new Float64Array(batch * codes * width);
  eachMatch(sizes, q, x, lengths, directions, (b, _, own, others, row) => {
    for (let j = 0; j < codes; j++) {
      if (own[j] === others[j]) row.forEach((value, n) => sums[(b * codes + j) * width + n] += value);
    }
  });
  const y = new Float64Array(batch * width);
  for (let i = 0; i < batch * codes; i++) {
    const sum = sums.subarray(i * width, (i + 1) * width);
    const norm = normalize ? Math.max(Math.hypot(...sum), 1e-12) : 1;
    sum.forEach((value, n) => y[Math.floor(i / codes) * width + n] += value / norm / codes);
  }
  return y;
}

/** y[b, t] = bits that a place and the target share, -1 past the end. */
export function hashLikeness(
  sizes: HashSizes,
  [q, x, lengths, directions]: readonly Numbers[],
): Numbers {
  const { batch, places } = sizes;
  const y = new Float64Array(batch * places).fill(-1);
  eachMatch(sizes, q, x, lengths, directions, (b, t, own, others) => {
    const [left, right] = [own.join(""), others.join("")];
    y[b * places + t] = [...left].filter((bit, i) => bit === right[i]).length;
  });
  return y;
}
