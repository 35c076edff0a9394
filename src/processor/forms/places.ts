/**
 * Forms of attention among the places of histories, and of choices of places by the rows of their values.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import type { GatedAttentionOptions } from "../../ops/sequence/gated_attention.ts";
import { headOf, type HistoryMask, type PlacedAttentionOptions } from "../../ops/sequence/history_attention.ts";
import { sigmoid } from "../activation.ts";
import { type Form, FormError, type Forms, type Site } from "../form.ts";
import { lastOf } from "../sizes.ts";

/** A row number past every table, and a place that is not there. */
const ABSENT = 0xffffffff;

/** Whether place i of a history attends to place j, both of which are there; `history_mask.wgsl` says how places rank. */
function allows(mask: HistoryMask, places: number, length: number, i: number, j: number): boolean {
  const { causal = false, targets = 0, ordered = false, context = 0, window = 0, full = 0 } = mask;
  if (i === j) return true;
  const shift = Math.max(context - 1, 0);
  const last = length - shift;
  const first = places - targets;
  const rankOf = (t: number) => ordered && t >= first ? last + t - first : Math.min(Math.max(t - shift, 0), last);
  const [mine, other] = [rankOf(i), rankOf(j)];
  let isAllowed = causal ? mine > other : mine !== other;
  if (window > 0) isAllowed &&= mine - other <= window || (full > 0 && mine >= last - full);
  return isAllowed || (context > 0 && mine === 0 && other < last);
}

/** Prepares o_i = sum_j w_ij v_j over the places that i attends to, head by head; absent places get zeros. */
function amongPlaces(site: Site, input: Tensor, counts: Tensor, o: Float32Array, options: PlacedAttentionOptions) {
  const { heads, scale, targets = 0, before = 0, weights: kind = "softmax" } = options;
  const { groups, places, query, value } = headOf(input, counts, options);
  const [x, lengths, row] = [site.floats(input), site.integers(counts), lastOf(input)];
  const [weights, seen] = [new Float64Array(places), new Uint32Array(places)];
  /** Finds the places that place i attends to, and returns how many. */
  const look = (length: number, i: number): number => {
    let count = 0;
    for (let j = 0; j < places; j++) {
      const exists = j < length || j >= places - targets;
      if (exists && allows(options, places, length, i, j)) seen[count++] = j;
    }
    return count;
  };
  /** Turns the scores of those places into weights. */
  const weigh = (first: number, own: number, h: number, count: number): void => {
    let [largest, total] = [-Infinity, 0];
    for (let n = 0; n < count; n++) {
      const key = (first + seen[n]) * row + before + heads * query + h * query;
      let score = 0;
      for (let d = 0; d < query; d++) score += x[own + d] * x[key + d];
      weights[n] = scale * score;
      largest = Math.max(largest, weights[n]);
    }
    for (let n = 0; n < count; n++) {
      if (kind === "softmax") total += weights[n] = Math.exp(weights[n] - largest);
      else weights[n] = weights[n] * sigmoid(weights[n]) / kind.divisor;
    }
    for (let n = 0; kind === "softmax" && n < count; n++) weights[n] /= total;
  };
  return (rows: number): void => {
    for (let at = 0; at < rows * groups * places; at++) {
      const [history, i] = [Math.floor(at / places), at % places];
      const [first, length] = [history * places, lengths[history]];
      const exists = i < length || i >= places - targets;
      const count = exists ? look(length, i) : 0;
      for (let h = 0; h < heads; h++) {
        weigh(first, at * row + before + h * query, h, count);
        for (let d = 0; d < value; d++) {
          let sum = 0;
          for (let n = 0; n < count; n++) {
            sum += weights[n] * x[(first + seen[n]) * row + before + 2 * heads * query + h * value + d];
          }
          o[(at * heads + h) * value + d] = sum;
        }
      }
    }
  };
}

const historyAttention: Form = (site, { inputs: [x, lengths], outputs: [o], attributes }) =>
  amongPlaces(site, x, lengths, site.floats(o), attributes);

/** silu(u) times the normalized sums of attention; `sees` puts both beside the result. */
const gatedAttention: Form = (site, { inputs: [input, counts, scales, shifts], outputs, attributes }) => {
  const options: GatedAttentionOptions = attributes;
  const { heads, valueWidth, eps = 1e-6, sees = false } = options;
  const width = heads * valueWidth;
  const [x, gamma, beta] = [input, scales, shifts].map((tensor) => site.floats(tensor));
  const [y, o] = outputs.map((output) => site.floats(output));
  const attend = amongPlaces(site, input, counts, o, { ...options, before: width });
  const [places, row] = input.shape.slice(1).map(Number);
  const span = sees ? 3 * width : width;
  return (rows) => {
    attend(rows);
    for (let at = 0; at < rows * places; at++) {
      const first = at * width;
      let [mean, squares] = [0, 0];
      for (let n = 0; n < width; n++) mean += o[first + n] / width;
      for (let n = 0; n < width; n++) squares += (o[first + n] - mean) ** 2;
      const rstd = 1 / Math.sqrt(squares / width + eps);
      for (let n = 0; n < width; n++) {
        const z = x[at * row + n];
        const gate = z * sigmoid(z);
        y[(at + 1) * span - width + n] = gate * (gamma[n] * (o[first + n] - mean) * rstd + beta[n]);
        if (sees) [y[at * span + n], y[at * span + width + n]] = [gate, o[first + n]];
      }
    }
  };
};

/** One query per head over the newest places of a history: y = sum_t w_t x_t. */
const targetHeads: Form = (site, { inputs: [queries, input, counts], outputs: [output], attributes }) => {
  const { scale, softmax = true, window, top } = attributes;
  if (top !== undefined) throw new FormError("Cannot compute on the processor: no form of target_heads by rank");
  const [q, x, y] = [queries, input, output].map((tensor) => site.floats(tensor));
  const lengths = site.integers(counts);
  const [heads, width] = queries.shape.slice(1).map(Number);
  const [places, row] = input.shape.slice(1).map(Number);
  // Each head reads its own columns, or all of them.
  const step = width === row ? 0 : width;
  const weights = new Float64Array(places);
  return (rows) => {
    for (let at = 0; at < rows * heads; at++) {
      const [b, h] = [Math.floor(at / heads), at % heads];
      const first = Math.max(0, lengths[b] - (window ?? places));
      const own = b * places * row + h * step;
      let [largest, total] = [-Infinity, 0];
      for (let t = first; t < lengths[b]; t++) {
        let score = 0;
        for (let n = 0; n < width; n++) score += q[at * width + n] * x[own + t * row + n];
        weights[t] = scale * score;
        largest = Math.max(largest, weights[t]);
      }
      for (let t = first; softmax && t < lengths[b]; t++) total += weights[t] = Math.exp(weights[t] - largest);
      for (let n = 0; n < width; n++) {
        let sum = 0;
        for (let t = first; t < lengths[b]; t++) sum += weights[t] * x[own + t * row + n];
        y[at * width + n] = softmax && lengths[b] > first ? sum / total : sum;
      }
    }
  };
};

/** The newest places of a history whose row is that of a field, in order of time. */
const equalPlaces: Form = (site, { inputs, outputs, attributes: { top, field, member, members } }) => {
  const [ids, history, lengths] = inputs.map((input) => site.integers(input));
  const [places, counts] = outputs.map((output) => site.integers(output));
  const { batch } = site;
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const isEqual = (t: number) => history[(t * members + member) * batch + b] === ids[field * batch + b];
      let [first, count] = [lengths[b], 0];
      while (first > 0 && count < top) if (isEqual(--first)) count++;
      counts[b] = count;
      let at = 0;
      for (let t = first; t < lengths[b]; t++) if (isEqual(t)) places[b * top + at++] = t;
      for (; at < top; at++) places[b * top + at] = ABSENT;
    }
  };
};

/** The latest sessions of a history: runs of neighboring places with the same row of a sequence. */
const sessionPlaces: Form = (site, { inputs, outputs, attributes: { sessions: most, size, member, members } }) => {
  const [history, lengths] = inputs.map((input) => site.integers(input));
  const [places, counts, sessions] = outputs.map((output) => site.integers(output));
  const { batch } = site;
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const rowAt = (t: number) => history[(t * members + member) * batch + b];
      const length = lengths[b];
      let [first, count] = [length, 0];
      for (; first > 0; first--) {
        const begins = first === length || rowAt(first - 1) !== rowAt(first);
        if (begins && count === most) break;
        if (begins) count++;
      }
      for (let s = 0; s < most; s++) {
        let end = first;
        while (s < count && end < length && rowAt(end) === rowAt(first)) end++;
        const [taken, list] = [Math.min(end - first, size), b * most + s];
        for (let i = 0; i < size; i++) places[list * size + i] = i < taken ? end - taken + i : ABSENT;
        counts[list] = taken;
        first = end;
      }
      sessions[b] = count;
    }
  };
};

/** y[b, g, i, :] = x[b, places[b, g, i], :] for i < counts[b, g], else 0. */
const takePlaces: Form = (site, { inputs: [input, chosen, taken], outputs: [output] }) => {
  const [x, y] = [site.floats(input), site.floats(output)];
  const [places, counts] = [chosen, taken].map((tensor) => site.integers(tensor));
  const [all, width] = input.shape.slice(1).map(Number);
  const [lists, top] = [Number(taken.shape[1] ?? 1), lastOf(chosen)];
  return (rows) => {
    for (let list = 0; list < rows * lists; list++) {
      const first = Math.floor(list / lists) * all;
      for (let i = 0; i < top; i++) {
        const from = i < counts[list] ? (first + places[list * top + i]) * width : -1;
        const to = (list * top + i) * width;
        for (let n = 0; n < width; n++) y[to + n] = from < 0 ? 0 : x[from + n];
      }
    }
  };
};

/** Forms over places, by the names of their ops. */
export const placeForms: Forms = {
  history_attention: historyAttention,
  gated_attention: gatedAttention,
  target_heads: targetHeads,
  equal_places: equalPlaces,
  session_places: sessionPlaces,
  take_places: takePlaces,
};
