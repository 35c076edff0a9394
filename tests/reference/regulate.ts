/** Float64 loops for fields weighted by gates. */

/** y[b, f, d] = softmax(factor z)_f x[b, f, d]. */
export function regulateReference(
  x: ArrayLike<number>,
  z: ArrayLike<number>,
  dim: number,
  factor: number,
): Float64Array {
  return Float64Array.from(x, (number, i) => {
    const field = Math.floor(i / dim) % z.length;
    let sum = 0;
    for (let f = 0; f < z.length; f++) sum += Math.exp(factor * (z[f] - z[field]));
    return number / sum;
  });
}
