/** Cross networks in float64, layer by layer. */

/** Runs x_{l+1} = x_0 (x_l . w_l) + b_l + x_l over rows of `width`. */
export function crossVector(x: Float64Array, w: Float64Array, bias: Float64Array, width: number): Float64Array {
  const result = x.slice();
  for (let row = 0; row < x.length; row += width) {
    for (let l = 0; l < w.length; l += width) {
      let dot = 0;
      for (let n = 0; n < width; n++) dot += result[row + n] * w[l + n];
      for (let n = 0; n < width; n++) result[row + n] += x[row + n] * dot + bias[l + n];
    }
  }
  return result;
}

/** Runs one layer x_0 (x W + b) sigmoid(x G) + x, without the gate when there is no G. */
export function crossMatrix(
  x0: Float64Array,
  x: Float64Array,
  w: Float64Array,
  bias: Float64Array,
  g?: Float64Array,
): Float64Array {
  const width = bias.length;
  const product = (weights: Float64Array, i: number): number => {
    const row = i - i % width;
    let sum = 0;
    for (let m = 0; m < width; m++) sum += x[row + m] * weights[m * width + i % width];
    return sum;
  };
  return x.map((value, i) => {
    const gate = g ? 1 / (1 + Math.exp(-product(g, i))) : 1;
    return x0[i] * (product(w, i) + bias[i % width]) * gate + value;
  });
}

/** y = x0 (x . w) + x + bias, row by row. */
export function crossStep(
  x0: ArrayLike<number>,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  bias: ArrayLike<number>,
): Float64Array {
  const width = w.length;
  return Float64Array.from({ length: x.length }, (_, i) => {
    const first = i - i % width;
    let dot = 0;
    for (let n = 0; n < width; n++) dot += x[first + n] * w[n];
    return x0[i] * dot + x[i] + bias[i % width];
  });
}
