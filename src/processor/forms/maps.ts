/**
 * Forms of layers along the axis of fields.
 *
 * @module
 */
import { type Form, FormError, type Forms, type Site } from "../form.ts";
import { lastOf, sizesOfFields } from "../sizes.ts";

/** Prepares z[b, h, d] = sum_k w[k, h] p[b, k, d] of terms p that are written as `[D, K]`, one sample after the other. */
export function overFields(site: Site, w: Float32Array, terms: number, outs: number, bias?: Float32Array) {
  const multiply = site.product({
    ...{ inner: terms, outer: outs },
    at: (k, n) => w[k * outs + n],
    ...(bias && { bias: (n) => bias[n] }),
  });
  return (p: Float32Array, z: Float32Array, dims: number, low?: number): void =>
    multiply({ array: p }, { array: z }, dims, low);
}

/** z[b, h, d] = sum_i w[i, h] x[b, i, d]. */
const fieldDense: Form = (site, { inputs: [input, weight], outputs: [output] }) => {
  const [x, w, z] = [input, weight, output].map((tensor) => site.floats(tensor));
  const { fields, dim } = sizesOfFields(input);
  const outs = lastOf(weight);
  const [p, q] = [site.scratch(dim * fields), site.scratch(dim * outs)];
  const multiply = overFields(site, w, fields, outs);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      turn(x, b * fields * dim, p, 0, fields, dim);
      multiply(p, q, dim);
      turn(q, 0, z, b * outs * dim, dim, outs);
    }
  };
};

/** Writes the transpose of a matrix of `rows` rows of `columns` numbers. */
function turn(x: Float32Array, from: number, y: Float32Array, to: number, rows: number, columns: number): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) y[to + c * rows + r] = x[from + r * columns + c];
  }
}

/** y[b, f, :] = e[b, f, :] W_f. */
const fieldMatrix: Form = (site, { inputs: [input, weight], outputs: [output] }) => {
  const [e, w, y] = [input, weight, output].map((tensor) => site.floats(tensor));
  const { fields, dim } = sizesOfFields(input);
  const stride = fields * dim;
  const products = Array.from({ length: fields }, (_, f) => ({
    multiply: site.product({ inner: dim, outer: dim, at: (k, n) => w[(f * dim + k) * dim + n] }),
    x: { array: e, first: f * dim, stride },
    y: { array: y, first: f * dim, stride },
  }));
  return (rows) => {
    for (const { multiply, x, y } of products) multiply(x, y, rows);
  };
};

/** z[b, h, m, d] = bias[h] + sum_{c, k} w[(c, k), h] x[b, c, m + k - padding, d], 0 past the ends. */
const fieldConvolution: Form = (site, { inputs, outputs: [output], attributes: { channels, padding } }) => {
  const [x, w, bias] = inputs.map((input) => site.floats(input));
  const z = site.floats(output);
  const { fields, dim } = sizesOfFields(inputs[0]);
  const [terms, outs] = inputs[1].shape.map(Number);
  const [from, kernel, to] = [fields / channels, terms / channels, Number(output.shape[1]) / outs];
  const [p, q] = [site.scratch(dim * terms), site.scratch(dim * outs)];
  const multiply = overFields(site, w, terms, outs, bias);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let m = 0; m < to; m++) {
        for (let t = 0; t < terms; t++) {
          const [channel, row] = [Math.floor(t / kernel), m + t % kernel - padding];
          const exists = row >= 0 && row < from;
          const at = ((b * channels + channel) * from + row) * dim;
          for (let d = 0; d < dim; d++) p[d * terms + t] = exists ? x[at + d] : 0;
        }
        multiply(p, q, dim);
        for (let h = 0; h < outs; h++) {
          const at = ((b * outs + h) * to + m) * dim;
          for (let d = 0; d < dim; d++) z[at + d] = q[d * outs + h];
        }
      }
    }
  };
};

/** The largest numbers of windows of fields. */
const fieldPooling: Form = (site, { inputs: [input], outputs: [output], attributes: { kind, channels, size } }) => {
  if (kind === "top") throw new FormError("Cannot compute on the processor: no form of field_pooling by rank");
  const [x, y] = [site.floats(input), site.floats(output)];
  const dim = lastOf(input);
  const [from, to] = [Number(input.shape[1]) / channels, Number(output.shape[1]) / channels];
  const before = Math.min(from % size, Math.floor(size / 2));
  return (rows) => {
    for (let at = 0; at < rows * channels * to; at++) {
      const [map, m] = [Math.floor(at / to), at % to];
      const [start, end] = [Math.max(0, m * size - before), Math.min(from, (m + 1) * size - before)];
      for (let d = 0; d < dim; d++) {
        let largest = -Infinity;
        for (let n = start; n < end; n++) largest = Math.max(largest, x[(map * from + n) * dim + d]);
        y[at * dim + d] = largest;
      }
    }
  };
};

/** Forms of layers along fields, by the names of their ops. */
export const mapForms: Forms = {
  field_dense: fieldDense,
  fieldMatrix,
  field_convolution: fieldConvolution,
  field_pooling: fieldPooling,
};
