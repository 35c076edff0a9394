/** Filters of histories by their frequencies, in float64. */
import type { HistorySizes } from "./history.ts";

type Numbers = Float64Array;

/**
 * y = irfft(w rfft(x)) over the places that each history has, with w = a[n] + i b[n] of column n for all frequencies; the
 * imaginary parts of the constant and, of an even number of places, of the fastest wave are dropped. Row b of the batch has
 * the weights [a, b] of history b mod `lists`.
 */
export function fourierFilter(
  { batch, places, width }: HistorySizes,
  lists: number,
  x: Numbers,
  lengths: Numbers,
  weights: Numbers,
): Numbers {
  const y = new Float64Array(x.length);
  for (let row = 0; row < batch; row++) {
    const count = lengths[row];
    for (let n = 0; n < width; n++) {
      const [a, b] = [0, 1].map((part) => weights[((row % lists) * 2 + part) * width + n]);
      const at = (t: number) => (row * places + t) * width + n;
      for (let f = 0; 2 * f <= count && count > 0; f++) {
        let [re, im] = [0, 0];
        for (let t = 0; t < count; t++) {
          const angle = 2 * Math.PI * f * t / count;
          re += x[at(t)] * Math.cos(angle);
          im -= x[at(t)] * Math.sin(angle);
        }
        const isReal = f === 0 || 2 * f === count;
        const [real, imaginary] = [a * re - b * im, isReal ? 0 : a * im + b * re];
        for (let t = 0; t < count; t++) {
          const angle = 2 * Math.PI * f * t / count;
          const wave = real * Math.cos(angle) - imaginary * Math.sin(angle);
          y[at(t)] += (isReal ? 1 : 2) * wave / count;
        }
      }
    }
  }
  return y;
}
