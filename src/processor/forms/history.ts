/**
 * Forms of what works over the places of histories.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import type { Form, Forms } from "../form.ts";
import { lastOf, rowWidth } from "../sizes.ts";

/** Sizes of histories, of which a row may have several one behind the other. */
interface Histories {
  readonly groups: number;
  readonly places: number;
  readonly width: number;
}

/** Returns the sizes of histories `[B, G L, N]` with lengths `[B]` or `[B, G]`. */
export function historiesOf(x: Tensor, lengths: Tensor): Histories {
  const [all, width] = x.shape.slice(1).map(Number);
  const groups = Number(lengths.shape[1] ?? 1);
  return { groups, places: all / groups, width };
}

/** Pools places, and `targets` at the end that are always there. */
const poolHistory: Form = (site, { inputs: [input, counts, factors], outputs: [output], attributes }) => {
  const { mode, targets = 0 } = attributes;
  const [x, y, lengths] = [site.floats(input), site.floats(output), site.integers(counts)];
  const weights = factors && site.floats(factors);
  const { groups, places, width } = historiesOf(input, counts);
  const { batch } = site;
  const first = places - targets;
  /** What a mean divides by. */
  const divisorOf = (history: number): number => {
    if (!weights) return Math.min(lengths[history], first) + targets;
    let sum = 0;
    const [row, group] = [Math.floor(history / groups), history % groups];
    for (let t = 0; t < lengths[history]; t++) sum += weights[(group * places + t) * batch + row];
    return sum;
  };
  return (rows) => {
    for (let history = 0; history < rows * groups; history++) {
      const divisor = mode === "mean" ? divisorOf(history) : 1;
      for (let n = 0; n < width; n++) {
        let pooled = mode === "max" ? -Infinity : 0;
        let seen = 0;
        for (let t = 0; t < places; t++) {
          if (t >= lengths[history] && t < first) continue;
          seen++;
          const value = x[(history * places + t) * width + n];
          pooled = mode === "max" ? Math.max(pooled, value) : pooled + value;
        }
        y[history * width + n] = seen === 0 || divisor === 0 ? 0 : pooled / divisor;
      }
    }
  };
};

/** y[b, n] = sum over t < lengths[b] of w[b, t] x[b, t, n]. */
const weightedPool: Form = (site, { inputs: [input, factors, counts], outputs: [output] }) => {
  const [x, w, y] = [input, factors, output].map((tensor) => site.floats(tensor));
  const lengths = site.integers(counts);
  const { groups, places, width } = historiesOf(input, counts);
  return (rows) => {
    for (let history = 0; history < rows * groups; history++) {
      for (let n = 0; n < width; n++) {
        let sum = 0;
        for (let t = 0; t < lengths[history]; t++) {
          sum += w[history * places + t] * x[(history * places + t) * width + n];
        }
        y[history * width + n] = sum;
      }
    }
  };
};

/** y[b, t] = sum_n row[b, n] x[b, t, n], 0 past the end. */
const placeDots: Form = (site, { inputs: [input, vectors, counts], outputs: [output] }) => {
  const [x, row, y] = [input, vectors, output].map((tensor) => site.floats(tensor));
  const lengths = site.integers(counts);
  const { groups, places, width } = historiesOf(input, counts);
  return (rows) => {
    for (let history = 0; history < rows * groups; history++) {
      for (let t = 0; t < places; t++) {
        let sum = 0;
        if (t < lengths[history]) {
          for (let n = 0; n < width; n++) sum += row[history * width + n] * x[(history * places + t) * width + n];
        }
        y[history * places + t] = sum;
      }
    }
  };
};

/** w[b, t] = exp(s[b, t]) / sum over t < lengths[b], 0 past the end. */
const placeSoftmax: Form = (site, { inputs: [scores, counts], outputs: [output] }) => {
  const [s, w, lengths] = [site.floats(scores), site.floats(output), site.integers(counts)];
  const groups = rowWidth(counts);
  const places = rowWidth(scores) / groups;
  return (rows) => {
    for (let history = 0; history < rows * groups; history++) {
      const first = history * places;
      let [largest, total] = [-Infinity, 0];
      for (let t = 0; t < lengths[history]; t++) largest = Math.max(largest, s[first + t]);
      for (let t = 0; t < lengths[history]; t++) total += w[first + t] = Math.exp(s[first + t] - largest);
      for (let t = 0; t < places; t++) w[first + t] = t < lengths[history] ? w[first + t] / total : 0;
    }
  };
};

/** Learned positions added to the places of a history, or beside them. */
const positions: Form = (site, { inputs: [input, vectors, counts], outputs: [output], attributes }) => {
  const { from = "oldest", targets = 0, apart = false } = attributes;
  const [x, p, y] = [input, vectors, output].map((tensor) => site.floats(tensor));
  const lengths = site.integers(counts);
  const [places, width] = input.shape.slice(1).map(Number);
  const [own, columns] = [lastOf(vectors), lastOf(output)];
  const history = places - targets;
  return (rows) => {
    for (let at = 0; at < rows * places; at++) {
      const t = at % places;
      const length = lengths[Math.floor(at / places)];
      const exists = t < length || t >= history;
      const position = from === "latest" && t < history ? t + history - length : t;
      for (let n = 0; n < width; n++) {
        y[at * columns + n] = x[at * width + n] + (exists && !apart ? p[position * own + n] : 0);
      }
      for (let n = width; n < columns; n++) y[at * columns + n] = exists ? p[position * own + n - width] : 0;
    }
  };
};

/** y[b, i, :] = x[b, lengths[b] - count + i, :], 0 before the first place; short histories start at 0 where aligned. */
const latestPlaces: Form = (site, { inputs: [input, counts], outputs: [output], attributes: { count, aligned } }) => {
  const [x, y, lengths] = [site.floats(input), site.floats(output), site.integers(counts)];
  const [places, width] = input.shape.slice(1).map(Number);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const shift = aligned ? Math.max(lengths[b] - count, 0) : lengths[b] - count;
      for (let i = 0; i < count; i++) {
        const t = i + shift;
        const exists = t >= 0 && t < lengths[b];
        for (let n = 0; n < width; n++) {
          y[(b * count + i) * width + n] = exists ? x[(b * places + t) * width + n] : 0;
        }
      }
    }
  };
};

const boundLengths: Form = (site, { inputs: [input], outputs: [output], attributes: { kind, count } }) => {
  const [lengths, bounded] = [site.integers(input), site.integers(output)];
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      if (kind === "all_places") bounded[b] = count;
      else if (kind === "at_least") bounded[b] = lengths[b] === 0 ? count : lengths[b];
      else bounded[b] = Math.min(lengths[b], count);
    }
  };
};

/** Places that there are of each piece of a history, and pieces that have any. */
const pieceLengths: Form = (site, { inputs: [input], outputs, attributes: { size, most } }) => {
  const lengths = site.integers(input);
  const [pieces, counts] = outputs.map((output) => site.integers(output));
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      pieces[b] = Math.min(Math.ceil(lengths[b] / size), most);
      for (let g = 0; g < most; g++) counts[b * most + g] = Math.min(size, Math.max(0, lengths[b] - g * size));
    }
  };
};

/** Forms of histories, by the names of their ops. */
export const historyForms: Forms = {
  pool_history: poolHistory,
  weighted_pool: weightedPool,
  place_dots: placeDots,
  place_softmax: placeSoftmax,
  positions,
  latest_places: latestPlaces,
  bound_lengths: boundLengths,
  piece_lengths: pieceLengths,
};
