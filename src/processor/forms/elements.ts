/**
 * Forms of what is done number by number, and of sums over the last size.
 *
 * @module
 */
import { sizeOf } from "../../graph/tensor.ts";
import { broadcastOf } from "../../ops/dense/arithmetic.ts";
import { activate, sigmoid } from "../activation.ts";
import type { Form, Forms } from "../form.ts";
import { counter, lastOf, rowWidth, vectorsOf } from "../sizes.ts";

const add: Form = (site, { inputs, outputs: [output] }) => {
  const [first, second, ...others] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) y[i] = first[i] + second[i];
    for (const other of others) for (let i = 0; i < end; i++) y[i] += other[i];
  };
};

const subtract: Form = (site, { inputs, outputs: [output] }) => {
  const [a, b] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) y[i] = a[i] - b[i];
  };
};

const multiply: Form = (site, { inputs, outputs: [output] }) => {
  const [a, b] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  const { inner } = broadcastOf(inputs[0].shape, inputs[1].shape)!;
  const modulus = sizeOf(inputs[1].shape, site.batch);
  return (rows) => {
    const end = count(rows);
    let at = 0;
    for (let i = 0; i < end; i += inner) {
      const factor = b[at];
      for (let n = i; n < i + inner; n++) y[n] = a[n] * factor;
      if (++at === modulus) at = 0;
    }
  };
};

/** y[i] = function of x[i]. */
function eachNumber(make: (attributes: number) => (x: Float32Array, y: Float32Array, count: number) => void): Form {
  return (site, { inputs: [input], outputs: [output], attributes }) => {
    const [x, y, count, apply] = [site.floats(input), site.floats(output), counter(site, output), make(attributes)];
    return (rows) => apply(x, y, count(rows));
  };
}

const scale = eachNumber((factor) => (x, y, count) => {
  for (let i = 0; i < count; i++) y[i] = factor * x[i];
});

const fill = eachNumber((constant) => (_, y, count) => {
  y.fill(constant, 0, count);
});

const gelu = eachNumber(() => (x, y, count) => {
  for (let i = 0; i < count; i++) y[i] = x[i] * normalCdf(x[i]);
});

const silu = eachNumber(() => (x, y, count) => {
  for (let i = 0; i < count; i++) y[i] = x[i] * sigmoid(x[i]);
});

/** The normal distribution function by Abramowitz and Stegun 7.1.26, as the device has it: within 1.5e-7. */
function normalCdf(z: number): number {
  const u = Math.abs(z) * Math.SQRT1_2;
  const t = 1 / (1 + 0.3275911 * u);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * series * Math.exp(-u * u);
  return z >= 0 ? 1 - tail : tail;
}

const activation: Form = (site, { inputs: [input], outputs: [output], attributes }) => {
  const [x, y, count] = [site.floats(input), site.floats(output), counter(site, output)];
  return (rows) => activate(attributes.activation ?? "none", x, y, count(rows));
};

const prelu: Form = (site, { inputs: [input, slopes], outputs: [output] }) => {
  const [x, slope, y, count] = [site.floats(input), site.floats(slopes), site.floats(output), counter(site, output)];
  const width = rowWidth(slopes);
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) y[i] = x[i] > 0 ? x[i] : slope[i % width] * x[i];
  };
};

/** y = 2 x sigmoid(z). */
const sigmoidGate: Form = (site, { inputs, outputs: [output] }) => {
  const [x, z] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) y[i] = 2 * x[i] * sigmoid(z[i]);
  };
};

const addBias: Form = (site, { inputs: [input, added], outputs: [output] }) => {
  const [x, bias, y, count] = [site.floats(input), site.floats(added), site.floats(output), counter(site, output)];
  const width = rowWidth(added);
  return (rows) => {
    const end = count(rows);
    for (let first = 0; first < end; first += width) {
      for (let n = 0; n < width; n++) y[first + n] = x[first + n] + bias[n];
    }
  };
};

/** y = (a + b) / 2. */
const mean: Form = (site, { inputs, outputs: [output] }) => {
  const [a, b] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) y[i] = (a[i] + b[i]) / 2;
  };
};

/** y[r] = sum_n a[r, n] b[r, n]. */
const rowDot: Form = (site, { inputs, outputs: [output] }) => {
  const [a, b] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  const width = rowWidth(inputs[0]) / rowWidth(output);
  return (rows) => {
    const end = count(rows);
    for (let r = 0; r < end; r++) {
      let sum = 0;
      for (let i = r * width; i < (r + 1) * width; i++) sum += a[i] * b[i];
      y[r] = sum;
    }
  };
};

/** Turns `width` numbers into weights that sum to 1. */
export function softmaxOf(x: Float32Array, from: number, y: Float32Array, to: number, width: number): void {
  let [largest, total] = [-Infinity, 0];
  for (let n = 0; n < width; n++) largest = Math.max(largest, x[from + n]);
  for (let n = 0; n < width; n++) {
    const weight = Math.exp(x[from + n] - largest);
    y[to + n] = weight;
    total += weight;
  }
  for (let n = 0; n < width; n++) y[to + n] /= total;
}

const softmax: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [x, y, vectors, width] = [site.floats(input), site.floats(output), vectorsOf(site, input), lastOf(input)];
  return (rows) => {
    const end = vectors(rows) * width;
    for (let first = 0; first < end; first += width) softmaxOf(x, first, y, first, width);
  };
};

/** The log-odds of a product of two probabilities that are given by theirs: -log(exp(-a) + exp(-b) + exp(-a - b)). */
const productLogit: Form = (site, { inputs, outputs: [output] }) => {
  const [a, b] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    for (let i = 0; i < end; i++) {
      const largest = Math.max(-a[i], -b[i], -a[i] - b[i]);
      const sum = Math.exp(-a[i] - largest) + Math.exp(-b[i] - largest) + Math.exp(-a[i] - b[i] - largest);
      y[i] = -(largest + Math.log(sum));
    }
  };
};

/** Forms of elements, by the names of their ops. */
export const elementForms: Forms = {
  add,
  sum: add,
  subtract,
  multiply,
  scale,
  fill,
  gelu,
  silu,
  activation,
  // Nothing is dropped in prediction.
  dropout: activation,
  prelu,
  sigmoid_gate: sigmoidGate,
  add_bias: addBias,
  // What the two learn from each other or from labels is a matter of training.
  distilled_mean: mean,
  supervised_mean: mean,
  row_dot: rowDot,
  softmax,
  product_logit: productLogit,
};
