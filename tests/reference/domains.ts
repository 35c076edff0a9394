/** Layers by group of rows in float64; all arrays are flat and row-major. */

/** Sizes of a layer by group. */
export interface GroupSizes {
  /** Columns of a row. */
  readonly inputs: number;
  /** Columns of the output. */
  readonly outputs: number;
}

/** y[b] = x[b] w[g] + bias[g] with g = groups[b]. */
export function groupDense(
  { x, w, bias, groups }: Record<string, Float64Array>,
  { inputs, outputs }: GroupSizes,
): Float64Array {
  return Float64Array.from({ length: groups.length * outputs }, (_, i) => {
    const [b, n] = [Math.floor(i / outputs), i % outputs];
    let sum = bias[groups[b] * outputs + n];
    for (let k = 0; k < inputs; k++) sum += x[b * inputs + k] * w[(groups[b] * inputs + k) * outputs + n];
    return sum;
  });
}

/** Own parameters of each group times (or plus) the shared ones; with `alone` the shared ones come first, as they are. */
export function bend(
  shared: Float64Array,
  own: Float64Array,
  how: "times" | "plus",
  alone: boolean,
): Float64Array {
  const bent = own.map((value, i) => {
    const other = shared[i % shared.length];
    return how === "times" ? other * value : other + value;
  });
  return alone ? Float64Array.from([...shared, ...bent]) : bent;
}

/** Normalizes columns among the first `rows` rows by group; group 0 and prediction take the running statistics. */
export function partitionNorm(
  { x, gain, bias, mean, variance, groups }: Record<string, Float64Array>,
  { columns, rows, training, eps = 1e-5 }: { columns: number; rows: number; training: boolean; eps?: number },
): Float64Array {
  const members = (g: number) => Array.from({ length: rows }, (_, b) => b).filter((b) => groups[b] === g);
  const moments = (g: number, n: number): [number, number] => {
    if (!training || g === 0) return [mean[g * columns + n], variance[g * columns + n]];
    const column = members(g).map((b) => x[b * columns + n]);
    const center = column.reduce((sum, value) => sum + value, 0) / column.length;
    return [center, column.reduce((sum, value) => sum + (value - center) ** 2, 0) / column.length];
  };
  const known = new Map<number, [number, number]>();
  return x.map((value, i) => {
    const at = groups[Math.floor(i / columns)] * columns + i % columns;
    if (!known.has(at)) known.set(at, moments(groups[Math.floor(i / columns)], i % columns));
    const [center, spread] = known.get(at)!;
    return gain[at] * (value - center) / Math.sqrt(spread + eps) + bias[at];
  });
}

/** Assigns rows to the center of the largest product, after the centers have moved `passes` times. */
export function route(
  x: Float64Array,
  centers: Float64Array,
  { columns, rows, passes, rate }: { columns: number; rows: number; passes: number; rate: number },
): number[] {
  const cut = (values: Float64Array) =>
    Array.from({ length: values.length / columns }, (_, i) => values.subarray(i * columns, (i + 1) * columns));
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, n) => sum + value * b[n], 0);
  const all = cut(x);
  let known = cut(centers);
  for (let pass = 0; pass < passes; pass++) {
    const shares = all.slice(0, rows).map((row) => {
      const powers = known.map((center) => Math.exp(dot(row, center)));
      return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
    });
    known = known.map((center, k) => {
      const moved = center.map((value, n) =>
        rate * value + (1 - rate) * shares.reduce((sum, share, b) => sum + share[k] * all[b][n], 0)
      );
      return moved.map((value) => value / Math.sqrt(dot(moved, moved)));
    });
  }
  return all.map((row) => {
    const scores = known.map((center) => dot(row, center));
    return scores.indexOf(Math.max(...scores));
  });
}
