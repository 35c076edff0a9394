/**
 * Forms of dense layers and products.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import type { Activation } from "../../ops/dense/matmul.ts";
import { activate } from "../activation.ts";
import type { Form, Forms, Run, Site } from "../form.ts";
import { counter, lastOf, rowWidth, vectorsOf } from "../sizes.ts";

/** What a layer computes: y = act(x W + bias), vector by vector. */
interface Layer {
  /** Vectors. */
  readonly x: Float32Array;
  /** Numbers of one. */
  readonly inner: number;
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly activation?: Activation;
}

/** Prepares a dense layer over so many vectors. */
export function denseOver(
  site: Site,
  { x, inner, weight, bias, activation = "none" }: Layer,
  y: Tensor,
): (vectors: number) => void {
  const outer = lastOf(y);
  const [w, b] = [site.floats(weight), bias && site.floats(bias)];
  const multiply = site.product({ inner, outer, at: (k, n) => w[k * outer + n], ...(b && { bias: (n) => b[n] }) });
  const [from, to] = [{ array: x }, { array: site.floats(y) }];
  const low = activation === "relu" ? 0 : -Infinity;
  return (vectors) => {
    multiply(from, to, vectors, low);
    if (activation !== "relu" && activation !== "none") activate(activation, to.array, to.array, vectors * outer);
  };
}

/** Prepares a dense layer over the last size of a tensor. */
function layer(site: Site, x: Tensor, y: Tensor, more: Omit<Layer, "x" | "inner">): Run {
  const run = denseOver(site, { x: site.floats(x), inner: lastOf(x), ...more }, y);
  const vectors = vectorsOf(site, x);
  return (rows) => run(vectors(rows));
}

const dense: Form = (site, { inputs: [x, weight, bias], outputs: [y], attributes: { activation } }) =>
  layer(site, x, y, { weight, bias, activation });

const matmul: Form = (site, { inputs: [x, weight], outputs: [y] }) => layer(site, x, y, { weight });

const residualDense: Form = (site, { inputs: [residual, x, weight, bias], outputs: [output] }) => {
  const product = layer(site, x, output, { weight, bias });
  const [added, y, count] = [site.floats(residual), site.floats(output), counter(site, output)];
  return (rows) => {
    product(rows);
    const end = count(rows);
    for (let i = 0; i < end; i++) y[i] += added[i];
  };
};

/** y = x (w_0 | w_1) + (bias_0 | bias_1). */
const denseBeside: Form = (site, { inputs: [x, ...layers], outputs: [y] }) => {
  const [w0, b0, w1, b1] = layers.map((tensor) => site.floats(tensor));
  const [inner, first, outer] = [lastOf(x), lastOf(layers[0]), lastOf(y)];
  const multiply = site.product({
    ...{ inner, outer },
    at: (k, n) => n < first ? w0[k * first + n] : w1[k * (outer - first) + n - first],
    bias: (n) => n < first ? b0[n] : b1[n - first],
  });
  const [from, to, vectors] = [{ array: site.floats(x) }, { array: site.floats(y) }, vectorsOf(site, x)];
  return (rows) => multiply(from, to, vectors(rows));
};

/** Projections side by side, y = x (w_0 | w_1 | ..). */
const project: Form = (site, { inputs: [x, ...weights], outputs: [y] }) => {
  const [inner, outer] = [lastOf(x), lastOf(y)];
  const parts = weights.map((weight) => ({ w: site.floats(weight), width: lastOf(weight) }));
  const multiply = site.product({
    ...{ inner, outer },
    at: (k, n) => {
      let column = n;
      for (const { w, width } of parts) {
        if (column < width) return w[k * width + column];
        column -= width;
      }
      return 0;
    },
  });
  const [from, to, vectors] = [{ array: site.floats(x) }, { array: site.floats(y) }, vectorsOf(site, x)];
  return (rows) => multiply(from, to, vectors(rows));
};

/** y[b, g, :] = x[b, g, :] W_g. */
const groupedMatmul: Form = (site, { inputs: [x, weight], outputs: [y] }) => {
  const [groups, inner, outer] = weight.shape.map(Number);
  const w = site.floats(weight);
  const [from, to] = [site.floats(x), site.floats(y)];
  const products = Array.from({ length: groups }, (_, g) => ({
    multiply: site.product({ inner, outer, at: (k, n) => w[(g * inner + k) * outer + n] }),
    x: { array: from, first: g * inner, stride: groups * inner },
    y: { array: to, first: g * outer, stride: groups * outer },
  }));
  return (rows) => {
    for (const { multiply, x, y } of products) multiply(x, y, rows);
  };
};

/** y[b] = op(a[b]) op(b[b]), either factor as it is or transposed. */
const batchMatmul: Form = (site, { inputs: [left, right], outputs: [output], attributes: layout }) => {
  const [a, b, y] = [left, right, output].map((tensor) => site.floats(tensor));
  const [m, n] = output.shape.slice(1).map(Number);
  const inner = rowWidth(left) / m;
  const [aRow, aInner] = layout.a ? [1, m] : [inner, 1];
  const [bColumn, bInner] = layout.b ? [inner, 1] : [1, n];
  return (rows) => {
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          let [p, q] = [r * m * inner + i * aRow, r * inner * n + j * bColumn];
          for (let k = 0; k < inner; k++, p += aInner, q += bInner) sum += a[p] * b[q];
          y[(r * m + i) * n + j] = sum;
        }
      }
    }
  };
};

/** y[b, :] = x[b, :] W_g + bias_g, g being the group of row b. */
const groupDense: Form = (site, { inputs: [x, weight, bias, orders, starts], outputs: [y] }) => {
  const [groups, inner, outer] = weight.shape.map(Number);
  const [w, b] = [site.floats(weight), site.floats(bias)];
  const [order, offsets] = [site.integers(orders), site.integers(starts)];
  const [from, to] = [site.floats(x), site.floats(y)];
  const products = Array.from(
    { length: groups },
    (_, g) =>
      site.product({ inner, outer, at: (k, n) => w[(g * inner + k) * outer + n], bias: (n) => b[g * outer + n] }),
  );
  const [source, target] = [{ array: from, first: 0 }, { array: to, first: 0 }];
  return () => {
    for (let g = 0; g < groups; g++) {
      for (let i = offsets[g]; i < offsets[g + 1]; i++) {
        [source.first, target.first] = [order[i] * inner, order[i] * outer];
        products[g](source, target, 1);
      }
    }
  };
};

/** Rows by group: offsets[g] rows are of groups before g. */
const rowGroups: Form = (site, { inputs: [input], outputs: [orders, starts], attributes: count }) => {
  const [groups, order, offsets] = [input, orders, starts].map((tensor) => site.integers(tensor));
  return (rows) => {
    let at = 0;
    for (let g = 0; g < count; g++) {
      offsets[g] = at;
      for (let b = 0; b < rows; b++) if (groups[b] === g) order[at++] = b;
    }
    offsets[count] = at;
  };
};

/** w[g, s] = shared_w[s] own_w[g, s], b[g, t] = shared_b[t] + own_b[g, t]; group 0 is the shared ones' own where `alone`. */
const starParameters: Form = (site, { inputs, outputs, attributes: { alone } }) => {
  const [sharedW, ownW, sharedB, ownB] = inputs.map((input) => site.floats(input));
  const [w, b] = outputs.map((output) => site.floats(output));
  const [weights, biases] = [rowWidth(inputs[0]), rowWidth(inputs[2])];
  const groups = Number(outputs[0].shape[0]);
  const first = Number(alone);
  return () => {
    for (let g = 0; g < groups; g++) {
      const isShared = g < first;
      const own = g - first;
      for (let s = 0; s < weights; s++) w[g * weights + s] = sharedW[s] * (isShared ? 1 : ownW[own * weights + s]);
      for (let t = 0; t < biases; t++) b[g * biases + t] = sharedB[t] + (isShared ? 0 : ownB[own * biases + t]);
    }
  };
};

/** Forms of dense layers and products, by the names of their ops. */
export const denseForms: Forms = {
  dense,
  matmul,
  residual_dense: residualDense,
  dense_beside: denseBeside,
  project,
  grouped_matmul: groupedMatmul,
  batch_matmul: batchMatmul,
  group_dense: groupDense,
  row_groups: rowGroups,
  star_parameters: starParameters,
};
