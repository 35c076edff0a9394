/** Token mixing in float64. */

/** Sizes of tokens: T of them in a row, cut into T heads of `width` numbers each. */
export interface TokenSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
}

/** Adds head t of token h to head h of token t: y[b, h, t, :] = x[b, h, t, :] + x[b, t, h, :]. */
export function tokenMixing(x: Float64Array, { batch, tokens, width }: TokenSizes): Float64Array {
  const y = new Float64Array(x.length);
  const at = (b: number, token: number, head: number): number => ((b * tokens + token) * tokens + head) * width;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < tokens; h++) {
      for (let t = 0; t < tokens; t++) {
        for (let n = 0; n < width; n++) y[at(b, h, t) + n] = x[at(b, h, t) + n] + x[at(b, t, h) + n];
      }
    }
  }
  return y;
}
