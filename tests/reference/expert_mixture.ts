/** Weighted sums of experts in float64, over `own` experts of each sum and those from number `first` on. */
export function expertMixtureReference(
  gates: Float64Array,
  experts: Float64Array,
  sizes: { sums: number; width: number; experts: number; units: number; own: number; first: number },
): Float64Array {
  const { sums, width, experts: count, units, own, first } = sizes;
  const batch = gates.length / (sums * width);
  const y = new Float64Array(batch * sums * units);
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < sums; s++) {
      for (let j = 0; j < width; j++) {
        const expert = j < own ? s * own + j : first + j - own;
        for (let n = 0; n < units; n++) {
          y[(b * sums + s) * units + n] += gates[(b * sums + s) * width + j] *
            experts[(b * count + expert) * units + n];
        }
      }
    }
  }
  return y;
}
