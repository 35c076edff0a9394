/** Gated recurrent units over histories in float64. */

/** Sizes of a recurrent layer. */
export interface GruSizes {
  batch: number;
  places: number;
  units: number;
}

/** What a layer reads. */
export interface GruNumbers {
  /** Products of the inputs, `[B, L, gates H]`. */
  x: Float64Array;
  /** Weights of the states, `[H, gates H]`. */
  u: Float64Array;
  /** Biases of the states, `[gates H]`. */
  c: Float64Array;
  lengths: Float64Array;
  /** Attention weights `[B, L]`; a plain GRU without. */
  a?: Float64Array;
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/**
 * Returns the states of all places, `[B, L, H]`, 0 past the end of a history, and the state after the last, `[B, H]`; with
 * two gates instead of three there is no update gate.
 */
export function gru(
  { batch, places, units }: GruSizes,
  { x, u, c, lengths, a }: GruNumbers,
): { states: Float64Array; last: Float64Array } {
  const columns = c.length;
  const states = new Float64Array(batch * places * units);
  const last = new Float64Array(batch * units);
  for (let b = 0; b < batch; b++) {
    let h = new Float64Array(units);
    for (let t = 0; t < lengths[b]; t++) {
      const place = b * places + t;
      const s = c.map((bias, column) => h.reduce((sum, value, k) => sum + value * u[k * columns + column], bias));
      h = h.map((value, j) => {
        const [row, n] = [place * columns, columns - units + j];
        const r = sigmoid(x[row + j] + s[j]);
        const z = columns === 3 * units ? sigmoid(x[row + units + j] + s[units + j]) : 1;
        const candidate = Math.tanh(x[row + n] + r * s[n]);
        const share = a ? a[place] * z : 1 - z;
        return value + share * (candidate - value);
      });
      states.set(h, place * units);
    }
    last.set(h, b * units);
  }
  return { states, last };
}
