/** Gradient of an embedding table and its update in float64, occurrence by occurrence. */
import type { Optimizer } from "../../src/optimizer.ts";
import { updateRow } from "./optimizer.ts";

/** A batch's contribution to a table's gradient; absent terms are left out. */
export interface Occurrences {
  batch: number;
  /** Valid rows of the batch. */
  rows: number;
  fields: number;
  dim: number;
  ids: Uint32Array;
  values?: Float64Array;
  dEmbedding?: Float64Array;
  dLinear?: Float64Array;
  dFm?: Float64Array;
  fmSum?: Float64Array;
}

/** Returns the summed gradient by row that occurs in the batch. */
export function reduceGradient(o: Occurrences, table: ArrayLike<number>): Map<number, Float64Array> {
  const sums = new Map<number, Float64Array>();
  for (let f = 0; f < o.fields; f++) {
    for (let b = 0; b < o.rows; b++) {
      const row = o.ids[f * o.batch + b];
      const v = o.values?.[f * o.batch + b] ?? 1;
      if (!sums.has(row)) sums.set(row, new Float64Array(o.dim));
      const sum = sums.get(row)!;
      for (let d = 0; d < o.dim; d++) {
        if (o.dEmbedding) sum[d] += v * o.dEmbedding[(b * o.fields + f) * o.dim + d];
        if (o.dLinear) sum[d] += v * o.dLinear[b];
        if (o.dFm && o.fmSum) sum[d] += v * o.dFm[b] * (o.fmSum[b * o.dim + d] - v * table[row * o.dim + d]);
      }
    }
  }
  return sums;
}

/** A table with its state, dense in memory. */
export interface TableState {
  weights: Float64Array;
  states: Float64Array[];
}

/** How strongly rows are pulled to 0: all that are updated alike, and those of the batch each by its own strength. */
export interface L2Strengths {
  l2: number;
  rowL2?: ArrayLike<number>;
  /** In place of `l2`; a row below 0 is frozen. */
  rowStrength?: ArrayLike<number>;
}

/** Gradients of all rows that a step updates, L2 included. */
export function gradientsOf(
  o: Occurrences,
  { weights }: TableState,
  { optimizer, l2, rowL2, rowStrength }: { optimizer: Optimizer } & L2Strengths,
): Map<number, Float64Array> {
  const sums = reduceGradient(o, weights);
  for (const [row, sum] of sums) sum.forEach((g, d) => sum[d] = g + (rowL2?.[row] ?? 0) * weights[row * o.dim + d]);
  if (optimizer.embeddingUpdate === "dense") {
    for (let row = 0; row < weights.length / o.dim; row++) {
      if (!sums.has(row)) sums.set(row, new Float64Array(o.dim));
    }
  }
  for (const row of sums.keys()) if (rowStrength && rowStrength[row] < 0) sums.delete(row);
  for (const [row, sum] of sums) {
    sum.forEach((g, d) => sum[d] = g + (rowStrength?.[row] ?? l2) * weights[row * o.dim + d]);
  }
  return sums;
}

/** Updates a table in place. */
export function updateTableReference(
  o: Occurrences,
  state: TableState,
  options:
    & { optimizer: Optimizer; lr: number; t: number; scale?: number; l1?: number; clipValue?: number }
    & L2Strengths,
): void {
  const { optimizer, lr, t, scale = 1, l1 = 0, clipValue = Infinity } = options;
  const at = { optimizer, target: optimizer.embeddingUpdate, lr, t };
  for (const [row, gradient] of gradientsOf(o, state, options)) {
    const windows = state.states.map((slot) =>
      optimizer.rowSlots > 0 ? slot.subarray(row, row + 1) : slot.subarray(row * o.dim, (row + 1) * o.dim)
    );
    const w = state.weights.subarray(row * o.dim, (row + 1) * o.dim);
    updateRow(at, w, gradient.map((g) => Math.min(Math.max(g * scale, -clipValue), clipValue)), windows);
    // The proximal step of l1 |w|.
    w.forEach((x, i) => w[i] = Math.sign(x) * Math.max(Math.abs(x) - lr * l1, 0));
  }
}
