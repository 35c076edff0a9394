/** Float64 loops for masked cross layers. */

/** y = x0 (g + b) + x, g being c in the first half of each field and c relu(m) in the second one. */
export function crossMaskReference(
  { x0, x, c, m, b }: Record<"x0" | "x" | "c" | "m" | "b", Float64Array>,
  dim: number,
): Float64Array {
  const half = dim / 2;
  return x0.map((value, i) => {
    const number = Math.floor(i / dim) * half + i % half;
    const g = i % dim < half ? c[number] : c[number] * Math.max(m[number], 0);
    return value * (g + b[i % b.length]) + x[i];
  });
}
