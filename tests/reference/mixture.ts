/** Mixture of logistic regressions in float64: the logit of sum_m softmax_m(g) sigmoid(s[m]). */
export function mixtureReference(e: Float64Array, fields: number, width: number, regions: number): Float64Array {
  return Float64Array.from({ length: e.length / (fields * width) }, (_, b) => {
    const sums = Array.from({ length: width }, (_, n) => {
      let sum = 0;
      for (let f = 0; f < fields; f++) sum += e[(b * fields + f) * width + n];
      return sum;
    });
    const gates = sums.slice(0, regions);
    const learners = sums.slice(-regions);
    const top = Math.max(...gates);
    const shares = gates.map((g) => Math.exp(g - top));
    const total = shares.reduce((sum, share) => sum + share);
    let [one, zero] = [0, 0];
    shares.forEach((share, m) => {
      one += share / total / (1 + Math.exp(-learners[m]));
      zero += share / total / (1 + Math.exp(learners[m]));
    });
    return Math.log(one) - Math.log(zero);
  });
}
