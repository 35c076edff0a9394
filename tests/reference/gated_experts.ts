/** Float64 loops for experts behind a gate. */

/** y[b, k, r] = softmax(z)[b, k] tanh(c[b, k, r]). */
export function gatedExpertsReference(z: ArrayLike<number>, c: ArrayLike<number>, experts: number): Float64Array {
  const rank = c.length / z.length;
  return Float64Array.from(c, (number, i) => {
    const expert = Math.floor(i / rank);
    const first = expert - expert % experts;
    let sum = 0;
    for (let k = 0; k < experts; k++) sum += Math.exp(z[first + k] - z[expert]);
    return Math.tanh(number) / sum;
  });
}
