/**
 * Forms of cross networks and of the compressed interaction network.
 *
 * @module
 */
import { sigmoid } from "../activation.ts";
import type { Form, Forms } from "../form.ts";
import { counter, lastOf, rowWidth } from "../sizes.ts";
import { overFields } from "./maps.ts";

/** x_{l+1} = x_0 (x_l . w_l) + b_l + x_l. */
const crossVector: Form = (site, { inputs: [input, weights, biases], outputs: [output] }) => {
  const [x, w, bias, y] = [input, weights, biases, output].map((tensor) => site.floats(tensor));
  const [layers, width] = weights.shape.map(Number);
  return (rows) => {
    for (let first = 0; first < rows * width; first += width) {
      for (let n = 0; n < width; n++) y[first + n] = x[first + n];
      for (let own = 0; own < layers * width; own += width) {
        let dot = 0;
        for (let n = 0; n < width; n++) dot += y[first + n] * w[own + n];
        for (let n = 0; n < width; n++) y[first + n] += x[first + n] * dot + bias[own + n];
      }
    }
  };
};

/** y = x0 (x . w) + x + bias. */
const crossStep: Form = (site, { inputs, outputs: [output] }) => {
  const [x0, x, w, bias] = inputs.map((input) => site.floats(input));
  const [y, width] = [site.floats(output), lastOf(output)];
  return (rows) => {
    for (let first = 0; first < rows * width; first += width) {
      let dot = 0;
      for (let n = 0; n < width; n++) dot += x[first + n] * w[n];
      for (let n = 0; n < width; n++) y[first + n] = x0[first + n] * dot + x[first + n] + bias[n];
    }
  };
};

/** y = x0 (x W + b) + x. */
const crossLayer: Form = (site, { inputs: [input0, input, , weight, added], outputs: [output] }) => {
  const [x0, x, w, bias, y] = [input0, input, weight, added, output].map((tensor) => site.floats(tensor));
  const width = rowWidth(input);
  const multiply = site.product({
    ...{ inner: width, outer: width },
    at: (k, n) => w[k * width + n],
    bias: (n) => bias[n],
  });
  const [from, to] = [{ array: x }, { array: y }];
  return (rows) => {
    multiply(from, to, rows);
    for (let i = 0; i < rows * width; i++) y[i] = x0[i] * y[i] + x[i];
  };
};

/** y = x0 z + x, or x0 z sigmoid(gate) + x. */
const crossMatrix: Form = (site, { inputs, outputs: [output] }) => {
  const [x0, x, z, gate] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  return (rows) => {
    const end = count(rows);
    if (gate) { for (let i = 0; i < end; i++) y[i] = x0[i] * z[i] * sigmoid(gate[i]) + x[i]; }
    else for (let i = 0; i < end; i++) y[i] = x0[i] * z[i] + x[i];
  };
};

/** y = x0 (g + b) + x with g = c in the first half of a field's columns and c relu(m) in the second one. */
const crossMask: Form = (site, { inputs, outputs: [output] }) => {
  const [x0, x, c, m, bias] = inputs.map((input) => site.floats(input));
  const [y, dim, width] = [site.floats(output), lastOf(output), rowWidth(output)];
  const half = dim / 2;
  return (rows) => {
    for (let first = 0; first < rows * width; first += dim) {
      const [own, b] = [first / 2, first % width];
      for (let n = 0; n < half; n++) {
        const [i, k] = [first + n, first + half + n];
        const number = c[own + n];
        y[i] = x0[i] * (number + bias[b + n]) + x[i];
        y[k] = x0[k] * (number * Math.max(m[own + n], 0) + bias[b + half + n]) + x[k];
      }
    }
  };
};

/** next[h, d] = act(bias[h] + sum_{i, j} w[(i, j), h] x[i, d] x0[j, d]), and its sums over the first dimensions. */
const cin: Form = (site, { inputs: [left, right, weight, biases], outputs, attributes: { dim: pooledDims, relu } }) => {
  const [x, x0, w, bias] = [left, right, weight, biases].map((tensor) => site.floats(tensor));
  const [z, pooled] = outputs.map((output) => site.floats(output));
  const [terms, outs] = weight.shape.map(Number);
  const [mine, others, dim] = [Number(left.shape[1]), Number(right.shape[1]), lastOf(left)];
  const [p, q] = [site.scratch(dim * terms), site.scratch(dim * outs)];
  const multiply = overFields(site, w, terms, outs, bias);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      let at = 0;
      for (let d = 0; d < dim; d++) {
        for (let i = 0; i < mine; i++) {
          const factor = x[(b * mine + i) * dim + d];
          for (let j = 0; j < others; j++) p[at++] = factor * x0[(b * others + j) * dim + d];
        }
      }
      multiply(p, q, dim, relu ? 0 : undefined);
      for (let h = 0; h < outs; h++) {
        let sum = 0;
        for (let d = 0; d < dim; d++) {
          const value = q[d * outs + h];
          z[(b * outs + h) * dim + d] = value;
          if (d < pooledDims) sum += value;
        }
        pooled[b * outs + h] = sum;
      }
    }
  };
};

/** The last layer and the weights above it: form[t] = sum_h w[t, h] top[E + h], and what is left of both. */
const cinTop: Form = (site, { inputs, outputs, attributes: dim }) => {
  const [w, bias, top, topBias] = inputs.map((input) => site.floats(input));
  const [form, offset, earlier] = outputs.map((output) => site.floats(output));
  const [terms, outs] = inputs[0].shape.map(Number);
  const before = rowWidth(inputs[2]) - outs;
  return () => {
    for (let t = 0; t < terms; t++) {
      let sum = 0;
      for (let h = 0; h < outs; h++) sum += w[t * outs + h] * top[before + h];
      form[t] = sum;
    }
    let sum = 0;
    for (let h = 0; h < outs; h++) sum += bias[h] * top[before + h];
    offset[0] = dim * sum + (topBias ? topBias[0] : 0);
    for (let i = 0; i < before; i++) earlier[i] = top[i];
  };
};

/** y[b] = offset + sum_n z[b, n] x0[b, n] + sum_p pooled[b, p] top[p]. */
const cinLogit: Form = (site, { inputs, outputs: [output] }) => {
  const [offset, z, x0, pooled, top] = inputs.map((input) => site.floats(input));
  const y = site.floats(output);
  const [width, sums] = [rowWidth(inputs[1]), rowWidth(inputs[3])];
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      let sum = offset[0];
      for (let i = b * width; i < (b + 1) * width; i++) sum += z[i] * x0[i];
      for (let p = 0; p < sums; p++) sum += pooled[b * sums + p] * top[p];
      y[b] = sum;
    }
  };
};

/** z = [h, g]: [h, g h], or h + g h. */
const factorize: Form = (site, { inputs: [input], outputs: [output], attributes: kind }) => {
  const [z, y, width] = [site.floats(input), site.floats(output), rowWidth(input)];
  const half = width / 2;
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let n = 0; n < half; n++) {
        const [h, g] = [z[b * width + n], z[b * width + half + n]];
        if (kind === "fold") y[b * half + n] = h + g * h;
        else [y[b * width + n], y[b * width + half + n]] = [h, g * h];
      }
    }
  };
};

/** Forms of crosses, by the names of their ops. */
export const crossForms: Forms = {
  cross_vector: crossVector,
  cross_step: crossStep,
  cross_layer: crossLayer,
  cross_matrix: crossMatrix,
  cross_mask: crossMask,
  cin,
  cin_top: cinTop,
  cin_logit: cinLogit,
  factorize,
};
