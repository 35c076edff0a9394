/** Layers in float64 over rows of numbers, for references of whole models. */

/** Rows of numbers. */
export type Matrix = Float64Array[];

/** Parameters by name, flat and row-major. */
export type Weights = Readonly<Record<string, Float64Array>>;

/** What a reference of a model is given. */
export interface Batch {
  /** Row numbers in the flat row space, `ids[b][f]`. */
  readonly ids: readonly (readonly number[])[];
  /** Values of the occurrences, `values[b][f]`; all are 1 when absent. */
  readonly values?: readonly (readonly number[])[];
  /** Row numbers of the events of the first history, `events[b][t]`, the oldest first; none when absent. */
  readonly events?: readonly (readonly (readonly number[])[])[];
  /** Whether statistics are the batch's. */
  readonly training: boolean;
}

/** Looks up the rows of a table of width `dim`, one after the other. */
export function embed(ids: Batch["ids"], table: Float64Array, dim: number): Matrix {
  return ids.map((row) => Float64Array.from(row.flatMap((id) => [...table.subarray(id * dim, id * dim + dim)])));
}

/** Computes x W + b from `name.weight` and, where there is one, `name.bias`. */
export function dense(x: Matrix, weights: Weights, name: string): Matrix {
  const { [`${name}.weight`]: w, [`${name}.bias`]: bias } = weights;
  const units = w.length / x[0].length;
  return x.map((row) =>
    Float64Array.from({ length: units }, (_, n) => {
      let sum = bias ? bias[n] : 0;
      for (let k = 0; k < row.length; k++) sum += row[k] * w[k * units + n];
      return sum;
    })
  );
}

/** Applies a function to each number. */
export function map(x: Matrix, f: (value: number) => number): Matrix {
  return x.map((row) => row.map(f));
}

/** Combines two or more matrices number by number. */
export function zip(f: (...values: number[]) => number, ...parts: Matrix[]): Matrix {
  return parts[0].map((row, b) => row.map((_, n) => f(...parts.map((part) => part[b][n]))));
}

/** Multiplies number by number. */
export function times(...parts: Matrix[]): Matrix {
  return zip((...values) => values.reduce((product, value) => product * value, 1), ...parts);
}

/** Adds number by number. */
export function plus(...parts: Matrix[]): Matrix {
  return zip((...values) => values.reduce((sum, value) => sum + value, 0), ...parts);
}

/** Puts matrices side by side. */
export function concat(...parts: Matrix[]): Matrix {
  return parts[0].map((_, b) => Float64Array.from(parts.flatMap((part) => [...part[b]])));
}

/** 0 below 0. */
export function relu(value: number): number {
  return Math.max(value, 0);
}

/** The logistic function. */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Normalizes columns by the batch's statistics, or by the running ones. */
export function batchNorm(x: Matrix, weights: Weights, name: string, training: boolean, eps = 1e-5): Matrix {
  const moments = Array.from(x[0], (_, n) => {
    if (!training) return [weights[`${name}.mean`][n], weights[`${name}.variance`][n]];
    const mean = x.reduce((sum, row) => sum + row[n], 0) / x.length;
    return [mean, x.reduce((sum, row) => sum + (row[n] - mean) ** 2, 0) / x.length];
  });
  const { [`${name}.weight`]: gamma, [`${name}.bias`]: beta } = weights;
  return x.map((row) =>
    row.map((value, n) => {
      const normal = (value - moments[n][0]) / Math.sqrt(moments[n][1] + eps);
      return gamma ? gamma[n] * normal + beta[n] : normal;
    })
  );
}

/** Normalizes each run of `width` numbers of a row; parameters repeat along it. */
export function layerNorm(x: Matrix, weights: Weights, name: string, eps = 1e-5, width?: number): Matrix {
  const { [`${name}.weight`]: gamma, [`${name}.bias`]: beta } = weights;
  const run = width ?? gamma.length;
  return x.map((row) =>
    row.map((value, i) => {
      const part = row.subarray(i - i % run, i - i % run + run);
      const mean = part.reduce((sum, other) => sum + other, 0) / run;
      const variance = part.reduce((sum, other) => sum + (other - mean) ** 2, 0) / run;
      const at = i % gamma.length;
      return gamma[at] * (value - mean) / Math.sqrt(variance + eps) + beta[at];
    })
  );
}

/** Stacks dense layers with relu in between, and after the last one where `hiddenOnly` says so. */
export function mlp(
  x: Matrix,
  weights: Weights,
  name: string,
  { batch, hiddenOnly = false }: { batch: Batch; hiddenOnly?: boolean },
): Matrix {
  let h = x;
  for (let i = 0; weights[`${name}.${i}.weight`]; i++) {
    h = dense(h, weights, `${name}.${i}`);
    if (!hiddenOnly && !weights[`${name}.${i + 1}.weight`]) return h;
    if (weights[`${name}.${i}.bn.weight`]) h = batchNorm(h, weights, `${name}.${i}.bn`, batch.training);
    h = map(h, relu);
  }
  return h;
}

/** Turns each row into weights that sum to 1. */
export function softmax(x: Matrix): Matrix {
  return x.map((row) => row.map((value) => 1 / row.reduce((sum, other) => sum + Math.exp(other - value), 0)));
}
