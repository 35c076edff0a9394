/**
 * Forms of normalizations, which take running statistics, and of activations that depend on them.
 *
 * @module
 */
import { activate, sigmoid } from "../activation.ts";
import type { Form, Forms } from "../form.ts";
import { counter, lastOf, rowWidth, vectorsOf } from "../sizes.ts";

const batchNorm: Form = (site, { inputs, outputs: [output], attributes: { eps, activation = "none" } }) => {
  const [x, gamma, beta, mean, variance] = inputs.map((input) => site.floats(input));
  const [y, width, vectors] = [site.floats(output), lastOf(output), vectorsOf(site, output)];
  return (rows) => {
    const end = vectors(rows) * width;
    for (let first = 0; first < end; first += width) {
      for (let n = 0; n < width; n++) {
        y[first + n] = gamma[n] * (x[first + n] - mean[n]) / Math.sqrt(variance[n] + eps) + beta[n];
      }
    }
    activate(activation, y, y, end);
  };
};

/** Normalizes channels `[B, C, ..]`, all of whose numbers share their statistics. */
const channelNorm: Form = (site, { inputs, outputs: [output], attributes: { eps } }) => {
  const [x, gamma, beta, mean, variance] = inputs.map((input) => site.floats(input));
  const [y, count] = [site.floats(output), counter(site, output)];
  const channels = rowWidth(inputs[1]);
  const length = rowWidth(output) / channels;
  return (rows) => {
    const end = count(rows);
    for (let first = 0, c = 0; first < end; first += length, c = (c + 1) % channels) {
      const [center, factor] = [mean[c], gamma[c] / Math.sqrt(variance[c] + eps)];
      for (let i = first; i < first + length; i++) y[i] = factor * (x[i] - center) + beta[c];
    }
  };
};

const layerNorm: Form = (site, { inputs, outputs: [output], attributes: eps }) => {
  const [x, gamma, beta] = inputs.map((input) => site.floats(input));
  const [y, width, vectors] = [site.floats(output), lastOf(output), vectorsOf(site, output)];
  // A vector of a sample may have parameters of its own.
  const parameters = rowWidth(inputs[1]);
  return (rows) => {
    const end = vectors(rows) * width;
    for (let first = 0; first < end; first += width) {
      let mean = 0;
      for (let n = 0; n < width; n++) mean += x[first + n];
      mean /= width;
      let variance = 0;
      for (let n = 0; n < width; n++) variance += (x[first + n] - mean) ** 2;
      const rstd = 1 / Math.sqrt(variance / width + eps);
      const own = first % parameters;
      for (let n = 0; n < width; n++) y[first + n] = gamma[own + n] * (x[first + n] - mean) * rstd + beta[own + n];
    }
  };
};

const rmsNorm: Form = (site, { inputs, outputs: [output], attributes: eps }) => {
  const [x, gamma] = inputs.map((input) => site.floats(input));
  const [y, width, vectors] = [site.floats(output), lastOf(output), vectorsOf(site, output)];
  return (rows) => {
    const end = vectors(rows) * width;
    for (let first = 0; first < end; first += width) {
      let squares = 0;
      for (let n = 0; n < width; n++) squares += x[first + n] * x[first + n];
      const factor = 1 / Math.sqrt(squares / width + eps);
      for (let n = 0; n < width; n++) y[first + n] = gamma[n] * x[first + n] * factor;
    }
  };
};

/** y = x (p + (1 - p) slope[n]) with p = sigmoid((x - mean) / deviation). */
const dice: Form = (site, { inputs, outputs: [output], attributes: { eps } }) => {
  const [x, slope, mean, variance] = inputs.map((input) => site.floats(input));
  const [y, width, vectors] = [site.floats(output), lastOf(output), vectorsOf(site, output)];
  return (rows) => {
    const end = vectors(rows) * width;
    for (let first = 0; first < end; first += width) {
      for (let n = 0; n < width; n++) {
        const value = x[first + n];
        const p = sigmoid((value - mean[n]) / Math.sqrt(variance[n] + eps));
        y[first + n] = value * (p + (1 - p) * slope[n]);
      }
    }
  };
};

/** Normalizes columns by the statistics of each row's group. */
const partitionNorm: Form = (site, { inputs, outputs: [output], attributes: { eps } }) => {
  const [x, gain, bias, mean, variance] = inputs.slice(0, 5).map((input) => site.floats(input));
  const groups = site.integers(inputs[5]);
  const [y, width] = [site.floats(output), lastOf(output)];
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const own = groups[b] * width;
      for (let n = 0; n < width; n++) {
        const normal = (x[b * width + n] - mean[own + n]) / Math.sqrt(variance[own + n] + eps);
        y[b * width + n] = gain[own + n] * normal + bias[own + n];
      }
    }
  };
};

/** Forms of normalizations, by the names of their ops. */
export const normForms: Forms = {
  batch_norm: batchNorm,
  channel_norm: channelNorm,
  layer_norm: layerNorm,
  rms_norm: rmsNorm,
  dice,
  partition_norm: partitionNorm,
};
