/**
 * Forms of weighted sums of experts and regions.
 *
 * @module
 */
import type { Form, Forms } from "../form.ts";
import { rowWidth, sizesOfFields } from "../sizes.ts";

/** y[k, :] = softmax(z)_k tanh(c[k, :]). */
const gatedExperts: Form = (site, { inputs: [gates, numbers], outputs: [output] }) => {
  const [z, c, y] = [gates, numbers, output].map((tensor) => site.floats(tensor));
  const experts = rowWidth(gates);
  const width = rowWidth(numbers) / experts;
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      let [largest, total] = [-Infinity, 0];
      for (let k = 0; k < experts; k++) largest = Math.max(largest, z[b * experts + k]);
      for (let k = 0; k < experts; k++) total += Math.exp(z[b * experts + k] - largest);
      for (let k = 0; k < experts; k++) {
        const gate = Math.exp(z[b * experts + k] - largest) / total;
        const first = (b * experts + k) * width;
        for (let n = first; n < first + width; n++) y[n] = gate * Math.tanh(c[n]);
      }
    }
  };
};

/** The log-odds of a mixture of logistic regressions. */
const mixture: Form = (site, { inputs: [input], outputs, attributes: regions }) => {
  const e = site.floats(input);
  const [y, sums] = outputs.map((output) => site.floats(output));
  const { fields, dim: width } = sizesOfFields(input);
  const shift = width === regions ? 0 : regions;
  const logSigmoid = (z: number) => Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
  /** log sum_m exp(g[m] + log sigmoid(sign s[m])). */
  const logSum = (first: number, sign: number): number => {
    let [largest, total] = [-Infinity, 0];
    const term = (m: number) => sums[first + m] + logSigmoid(sign * sums[first + shift + m]);
    for (let m = 0; m < regions; m++) largest = Math.max(largest, term(m));
    for (let m = 0; m < regions; m++) total += Math.exp(term(m) - largest);
    return largest + Math.log(total);
  };
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let n = 0; n < width; n++) {
        let sum = 0;
        for (let f = 0; f < fields; f++) sum += e[(b * fields + f) * width + n];
        sums[b * width + n] = sum;
      }
      y[b] = logSum(b * width, 1) - logSum(b * width, -1);
    }
  };
};

/** y[b, s, :] = sum_j gates[b, s, j] experts[b, expert(s, j), :]. */
const expertMixture: Form = (site, { inputs: [weights, numbers], outputs: [output], attributes: { own, first } }) => {
  const [gates, experts, y] = [weights, numbers, output].map((tensor) => site.floats(tensor));
  const [sums, width] = weights.shape.slice(1).map(Number);
  const [count, units] = numbers.shape.slice(1).map(Number);
  return (rows) => {
    y.fill(0, 0, rows * sums * units);
    for (let at = 0; at < rows * sums; at++) {
      const [b, s] = [Math.floor(at / sums), at % sums];
      for (let j = 0; j < width; j++) {
        const expert = j < own ? s * own + j : first + j - own;
        const gate = gates[at * width + j];
        const from = (b * count + expert) * units;
        for (let n = 0; n < units; n++) y[at * units + n] += gate * experts[from + n];
      }
    }
  };
};

/** Forms of mixtures, by the names of their ops. */
export const mixtureForms: Forms = { gated_experts: gatedExperts, mixture, expert_mixture: expertMixture };
