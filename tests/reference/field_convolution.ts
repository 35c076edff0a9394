/** Convolution of maps along the field axis in float64. */
export interface ConvolutionSizes {
  channels: number;
  rows: number;
  kernel: number;
  outs: number;
  padding: number;
  dim: number;
}

export function convolutionReference(
  x: Float64Array,
  w: Float64Array,
  bias: Float64Array,
  { channels, rows, kernel, outs, padding, dim }: ConvolutionSizes,
): Float64Array {
  const batch = x.length / (channels * rows * dim);
  const to = rows + 2 * padding - kernel + 1;
  return Float64Array.from({ length: batch * outs * to * dim }, (_, at) => {
    const d = at % dim;
    const m = Math.floor(at / dim) % to;
    const n = Math.floor(at / dim / to) % outs;
    const b = Math.floor(at / dim / to / outs);
    let sum = bias[n];
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < kernel; t++) {
        const row = m + t - padding;
        if (row < 0 || row >= rows) continue;
        sum += w[(c * kernel + t) * outs + n] * x[((b * channels + c) * rows + row) * dim + d];
      }
    }
    return sum;
  });
}
