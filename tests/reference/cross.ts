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
