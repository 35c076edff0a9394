/**
 * Forms of factorization machines over embeddings, of all orders.
 *
 * @module
 */
import type { Form, Forms } from "../form.ts";
import { sizesOfFields } from "../sizes.ts";

/** y[b, :] = 1/2 ((sum_f e_f)^2 - sum_f e_f^2). */
const biInteraction: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [e, y] = [site.floats(input), site.floats(output)];
  const { fields, dim } = sizesOfFields(input);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let d = 0; d < dim; d++) {
        let [sum, squares] = [0, 0];
        for (let f = 0; f < fields; f++) {
          const x = e[(b * fields + f) * dim + d];
          sum += x;
          squares += x * x;
        }
        y[b * dim + d] = (sum * sum - squares) / 2;
      }
    }
  };
};

/** y[b] = sum_d sum_{i<j<k} e_i e_j e_k, field after field. */
const thirdOrder: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [e, y] = [site.floats(input), site.floats(output)];
  const { fields, dim } = sizesOfFields(input);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) {
        let [one, two, three] = [0, 0, 0];
        for (let f = 0; f < fields; f++) {
          const x = e[(b * fields + f) * dim + d];
          three += two * x;
          two += one * x;
          one += x;
        }
        sum += three;
      }
      y[b] = sum;
    }
  };
};

/** y[b, k, d] = the sum of all products of k + 1 fields, up to the order of the output. */
const symmetricSums: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [e, y] = [site.floats(input), site.floats(output)];
  const { fields, dim } = sizesOfFields(input);
  const order = Number(output.shape[1]);
  const sums = new Float64Array(order + 1);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let d = 0; d < dim; d++) {
        sums.fill(0);
        sums[0] = 1;
        for (let f = 0; f < fields; f++) {
          const x = e[(b * fields + f) * dim + d];
          for (let k = order; k > 0; k--) sums[k] += sums[k - 1] * x;
        }
        for (let k = 0; k < order; k++) y[(b * order + k) * dim + d] = sums[k + 1];
      }
    }
  };
};

/** <v(i, j), v(j, i)> of all pairs of fields, summed or each. */
function fieldAware(isSummed: boolean): Form {
  return (site, { inputs: [input], outputs: [output], attributes: { fields, dim } }) => {
    const [v, y] = [site.floats(input), site.floats(output)];
    const vectors = fields - 1;
    return (rows) => {
      let pair = 0;
      for (let b = 0; b < rows; b++) {
        let sum = 0;
        for (let i = 0; i < fields; i++) {
          for (let j = i + 1; j < fields; j++) {
            const left = ((b * fields + i) * vectors + j - 1) * dim;
            const right = ((b * fields + j) * vectors + i) * dim;
            let product = 0;
            for (let d = 0; d < dim; d++) product += v[left + d] * v[right + d];
            if (isSummed) sum += product;
            else y[pair++] = product;
          }
        }
        if (isSummed) y[b] = sum;
      }
    };
  };
}

/** y[b] = 1 / sum_f values[f, b]^2, 0 where that is 0. */
const inverseNorm: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [values, y] = [site.floats(input), site.floats(output)];
  const fields = Number(input.shape[0]);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      let sum = 0;
      for (let f = 0; f < fields; f++) sum += values[f * site.batch + b] ** 2;
      y[b] = sum > 0 ? 1 / sum : 0;
    }
  };
};

/** Forms of factorization machines, by the names of their ops. */
export const machineForms: Forms = {
  biInteraction,
  thirdOrder,
  symmetric_sums: symmetricSums,
  ffm: fieldAware(true),
  ffmProducts: fieldAware(false),
  inverseNorm,
};
