/**
 * Forms of interactions of pairs of fields.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import type { Form, Forms, Site } from "../form.ts";
import { rowWidth, sizesOfFields } from "../sizes.ts";

/** sum_d s_p[d] e_i[d] e_j[d] of all pairs i < j, summed or each. */
const innerProduct: Form = (site, { inputs, outputs: [output], attributes: { fields, dim, pairs, summed } }) => {
  const [e, y] = [site.floats(inputs[0]), site.floats(output)];
  const strengths = inputs[1] && site.floats(inputs[1]);
  const byLane = strengths !== undefined && rowWidth(inputs[1]) > pairs;
  return (rows) => {
    let at = 0;
    for (let b = 0; b < rows; b++) {
      let sum = 0;
      let p = 0;
      for (let i = 0; i < fields; i++) {
        for (let j = i + 1; j < fields; j++, p++) {
          const [left, right] = [(b * fields + i) * dim, (b * fields + j) * dim];
          let product = 0;
          if (byLane) { for (let d = 0; d < dim; d++) product += strengths[p * dim + d] * e[left + d] * e[right + d]; }
          else for (let d = 0; d < dim; d++) product += e[left + d] * e[right + d];
          if (strengths && !byLane) product *= strengths[p];
          if (summed) sum += product;
          else y[at++] = product;
        }
      }
      if (summed) y[b] = sum;
    }
  };
};

/** Writes u_i * x_j of all pairs i < j, where u and x have rows of `dim` numbers from their first numbers on. */
function elementProducts(
  [u, left]: readonly [Float32Array, number],
  [x, right]: readonly [Float32Array, number],
  [y, to]: readonly [Float32Array, number],
  fields: number,
  dim: number,
): void {
  let at = to;
  for (let i = 0; i < fields; i++) {
    for (let j = i + 1; j < fields; j++) {
      for (let d = 0; d < dim; d++) y[at++] = u[left + i * dim + d] * x[right + j * dim + d];
    }
  }
}

/** Prepares the multiplication of the left fields of all pairs by matrices of their own, `[P, D, D]`. */
function pairMatrices(site: Site, matrices: Tensor, fields: number, dim: number) {
  const w = site.floats(matrices);
  // The matrices of all pairs with the same left field lie side by side: one product for each field.
  const products: ReturnType<Site["product"]>[] = [];
  let pair = 0;
  for (let i = 0; i < fields - 1; i++) {
    const first = pair;
    const pairs = fields - 1 - i;
    const outer = pairs * dim;
    products.push(site.product({
      ...{ inner: dim, outer },
      at: (k, n) => w[((first + Math.floor(n / dim)) * dim + k) * dim + n % dim],
    }));
    pair += pairs;
  }
  const nothing: Float32Array = new Float32Array(0);
  const [source, target] = [{ array: nothing, first: 0 }, { array: nothing, first: 0 }];
  /** Writes (e_i W_p) * e_j of a sample whose embeddings start at `from`, pair by pair, to y from `to` on. */
  return (e: Float32Array, from: number, y: Float32Array, to: number): void => {
    [source.array, target.array, target.first] = [e, y, to];
    for (let i = 0; i < fields - 1; i++) {
      source.first = from + i * dim;
      products[i](source, target, 1);
      for (let j = i + 1; j < fields; j++) {
        const right = from + j * dim;
        for (let d = 0; d < dim; d++) y[target.first++] *= e[right + d];
      }
    }
  };
}

const pairMatrix: Form = (site, { inputs: [input, matrices], outputs: [output], attributes: { form, pairs } }) => {
  const [e, y] = [site.floats(input), site.floats(output)];
  const { fields, dim } = sizesOfFields(input);
  const multiply = pairMatrices(site, matrices, fields, dim);
  const width = pairs * dim;
  const products = form === "products" ? y : site.scratch(width);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      multiply(e, b * fields * dim, products, form === "products" ? b * width : 0);
      if (form === "products") continue;
      let sum = 0;
      for (let p = 0; p < pairs; p++) {
        let product = 0;
        for (let d = 0; d < dim; d++) product += products[p * dim + d];
        if (form === "each") y[b * pairs + p] = product;
        else sum += product;
      }
      if (form === "summed") y[b] = sum;
    }
  };
};

const pairElements: Form = (site, { inputs: [left, right], outputs: [output] }) => {
  const [u, x, y] = [left, right, output].map((tensor) => site.floats(tensor));
  const { fields, dim } = sizesOfFields(left);
  const width = rowWidth(output);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const from = b * fields * dim;
      elementProducts([u, from], [x, from], [y, b * width], fields, dim);
    }
  };
};

/** A dense layer over the products of pairs of some sources, side by side. */
const pairDense: Form = (site, { inputs: [weight, ...factors], outputs: [output], attributes }) => {
  const { fields, dim, byMatrices } = attributes;
  const [inner, outer] = weight.shape.map(Number);
  const width = inner / byMatrices.length;
  const products = site.scratch(inner * site.batch);
  const sources = (byMatrices as boolean[]).map((hasMatrices, s) => {
    const [left, right] = factors.slice(2 * s, 2 * s + 2);
    const u = site.floats(left);
    if (hasMatrices) {
      const multiply = pairMatrices(site, right, fields, dim);
      return (from: number, to: number) => multiply(u, from, products, to);
    }
    const x = site.floats(right);
    return (from: number, to: number) => elementProducts([u, from], [x, from], [products, to], fields, dim);
  });
  const w = site.floats(weight);
  const multiply = site.product({ inner, outer, at: (k, n) => w[k * outer + n] });
  const [from, to] = [{ array: products }, { array: site.floats(output) }];
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let s = 0; s < sources.length; s++) sources[s](b * fields * dim, b * inner + s * width);
    }
    multiply(from, to, rows);
  };
};

/** pairs[p] = w[i, j] + w[j, i], diagonal[i] = w[i, i]. */
const pairFold: Form = (site, { inputs: [input], outputs }) => {
  const w = site.floats(input);
  const [pairs, diagonal] = outputs.map((output) => site.floats(output));
  const fields = Number(input.shape[0]);
  const dim = rowWidth(input) / (fields * fields);
  return () => {
    let at = 0;
    for (let i = 0; i < fields; i++) {
      for (let d = 0; d < dim; d++) diagonal[i * dim + d] = w[(i * fields + i) * dim + d];
      for (let j = i + 1; j < fields; j++) {
        for (let d = 0; d < dim; d++) pairs[at++] = w[(i * fields + j) * dim + d] + w[(j * fields + i) * dim + d];
      }
    }
  };
};

/** v = sum_p a_p x_p with a = softmax_p(h relu(x_p w + c)) and x_p = e_i * e_j. */
const attentionalPooling: Form = (site, { inputs: [input, weight, bias, head], outputs: [output], attributes }) => {
  const { fields, dim, pairs, hidden } = attributes;
  const [e, v, w, c, h] = [input, output, weight, bias, head].map((tensor) => site.floats(tensor));
  const multiply = site.product({ inner: dim, outer: hidden, at: (k, n) => w[k * hidden + n], bias: (n) => c[n] });
  const [x, z] = [{ array: site.scratch(pairs * dim) }, { array: site.scratch(pairs * hidden) }];
  const scores = new Float64Array(pairs);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const from = b * fields * dim;
      elementProducts([e, from], [e, from], [x.array, 0], fields, dim);
      multiply(x, z, pairs, 0);
      let largest = -Infinity;
      for (let p = 0; p < pairs; p++) {
        let score = 0;
        for (let a = 0; a < hidden; a++) score += h[a] * z.array[p * hidden + a];
        scores[p] = score;
        largest = Math.max(largest, score);
      }
      let total = 0;
      for (let p = 0; p < pairs; p++) total += scores[p] = Math.exp(scores[p] - largest);
      for (let d = 0; d < dim; d++) {
        let sum = 0;
        for (let p = 0; p < pairs; p++) sum += scores[p] * x.array[p * dim + d];
        v[b * dim + d] = sum / total;
      }
    }
  };
};

/** r[p, n] = sum_k e_i[k] e_j[m] with m = n + k mod D (correlation) or n - k mod D (convolution). */
const circularProducts: Form = (site, { inputs: [input], outputs: [output], attributes }) => {
  const [e, y] = [site.floats(input), site.floats(output)];
  const { fields, dim } = sizesOfFields(input);
  const sign = attributes.kind === "correlation" ? 1 : -1;
  return (rows) => {
    let at = 0;
    for (let b = 0; b < rows; b++) {
      for (let i = 0; i < fields; i++) {
        for (let j = i + 1; j < fields; j++) {
          const [left, right] = [(b * fields + i) * dim, (b * fields + j) * dim];
          for (let n = 0; n < dim; n++) {
            let sum = 0;
            for (let k = 0; k < dim; k++) sum += e[left + k] * e[right + (n + sign * k + dim) % dim];
            y[at++] = sum;
          }
        }
      }
    }
  };
};

/** The matrix of a weighted sum of a circular product: c[k, m] = w[m - k mod D], or w[m + k mod D] of a convolution. */
const circulant: Form = (site, { inputs: [input], outputs: [output], attributes: { kind, dim } }) => {
  const [w, y] = [site.floats(input), site.floats(output)];
  const sign = kind === "correlation" ? -1 : 1;
  return () => {
    for (let k = 0; k < dim; k++) {
      for (let m = 0; m < dim; m++) y[k * dim + m] = w[(m + sign * k + dim) % dim];
    }
  };
};

/** Forms of pairs, by the names of their ops. */
export const pairForms: Forms = {
  innerProduct,
  pairMatrix,
  pairElements,
  pairDense,
  pair_fold: pairFold,
  attentionalPooling,
  circular_products: circularProducts,
  circulant,
};
