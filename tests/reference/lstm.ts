/** Long short-term memory over histories in float64. */
import type { GruSizes } from "./gru.ts";

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** Returns the states of all places, `[B, L, H]`, 0 past the end of a history, of x `[B, L, 4 H]` and U `[H, 4 H]`. */
export function lstm(
  { batch, places, units }: GruSizes,
  reverse: boolean,
  { x, u, lengths }: Record<"x" | "u" | "lengths", Float64Array>,
): Float64Array {
  const states = new Float64Array(batch * places * units);
  for (let b = 0; b < batch; b++) {
    let h = new Float64Array(units);
    let c = new Float64Array(units);
    for (let step = 0; step < lengths[b]; step++) {
      const place = b * places + (reverse ? lengths[b] - 1 - step : step);
      const before = h;
      const sum = (gate: number, j: number): number =>
        before.reduce(
          (all, value, k) => all + value * u[(k * 4 + gate) * units + j],
          x[(place * 4 + gate) * units + j],
        );
      c = c.map((value, j) => sigmoid(sum(1, j)) * value + sigmoid(sum(0, j)) * Math.tanh(sum(2, j)));
      h = c.map((value, j) => sigmoid(sum(3, j)) * Math.tanh(value));
      states.set(h, place * units);
    }
  }
  return states;
}
