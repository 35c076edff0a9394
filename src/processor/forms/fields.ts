/**
 * Forms of sums, weights and norms along the axis of fields.
 *
 * @module
 */
import type { Node } from "../../graph/node.ts";
import type { Form, Forms, Run, Site } from "../form.ts";
import { lastOf, rowWidth, sizesOfFields } from "../sizes.ts";

/** Prepares a form over groups of fields: `each` is told where a group's numbers start, of x and of y. */
function byGroup(
  each: (site: Site, node: Node, sizes: { readonly fields: number; readonly dim: number; readonly factor: number }) => (
    x: Float32Array,
    y: Float32Array,
    group: number,
  ) => void,
): Form {
  return (site, node): Run => {
    const [x, y] = [site.floats(node.inputs[0]), site.floats(node.outputs[0])];
    const { groups, fields, factor } = node.attributes;
    const work = each(site, node, { fields, factor, dim: lastOf(node.outputs[0]) });
    return (rows) => {
      for (let group = 0; group < rows * groups; group++) work(x, y, group);
    };
  };
}

const fieldSum = byGroup((_site, _node, { fields, dim, factor }) => (x, y, group) => {
  for (let d = 0; d < dim; d++) {
    let sum = 0;
    for (let f = 0; f < fields; f++) sum += x[(group * fields + f) * dim + d];
    y[group * dim + d] = factor * sum;
  }
});

const repeatFields = byGroup((_site, _node, { fields, dim, factor }) => (x, y, group) => {
  for (let f = 0; f < fields; f++) {
    for (let d = 0; d < dim; d++) y[(group * fields + f) * dim + d] = factor * x[group * dim + d];
  }
});

const shiftFields = byGroup((site, { inputs }, { fields, dim }) => {
  const row = site.floats(inputs[1]);
  return (x, y, group) => {
    for (let f = 0; f < fields; f++) {
      const at = (group * fields + f) * dim;
      for (let d = 0; d < dim; d++) y[at + d] = x[at + d] + row[group * dim + d];
    }
  };
});

const fieldsBefore = byGroup((_site, _node, { fields, dim }) => (x, y, group) => {
  for (let d = 0; d < dim; d++) {
    let sum = 0;
    for (let f = 0; f < fields; f++) {
      const at = (group * fields + f) * dim + d;
      y[at] = sum;
      sum += x[at];
    }
  }
});

const centerFields = byGroup((_site, _node, { fields, dim }) => (x, y, group) => {
  for (let d = 0; d < dim; d++) {
    let sum = 0;
    for (let f = 0; f < fields; f++) sum += x[(group * fields + f) * dim + d];
    for (let f = 0; f < fields; f++) {
      const at = (group * fields + f) * dim + d;
      y[at] = x[at] - sum / fields;
    }
  }
});

/** Fields pooled by a softmax over them, head by head. */
const attendFields: Form = (site, { inputs, outputs: [output], attributes: { fields, dim, heads } }) => {
  const [x, s] = inputs.map((input) => site.floats(input));
  const y = site.floats(output);
  const width = dim / heads;
  const weights = new Float64Array(fields);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let h = 0; h < heads; h++) {
        let [largest, total] = [-Infinity, 0];
        for (let f = 0; f < fields; f++) largest = Math.max(largest, s[(b * fields + f) * heads + h]);
        for (let f = 0; f < fields; f++) {
          total += weights[f] = Math.exp(s[(b * fields + f) * heads + h] - largest);
        }
        for (let d = 0; d < width; d++) {
          let sum = 0;
          for (let f = 0; f < fields; f++) sum += weights[f] * x[((b * fields + f) * heads + h) * width + d];
          y[(b * heads + h) * width + d] = sum / total;
        }
      }
    }
  };
};

/** w[i, j] = exp(z_ij) / sum_{k != i} exp(z_ik), 0 for i = j, with z_ij = leaky(s[i, 0] + s[j, 1]). */
const fieldGraph: Form = (site, { inputs: [input], outputs: [output], attributes: slope }) => {
  const [s, w] = [site.floats(input), site.floats(output)];
  const fields = Number(input.shape[1]);
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let i = 0; i < fields; i++) {
        const at = (b * fields + i) * fields;
        let [largest, total] = [-Infinity, 0];
        for (let j = 0; j < fields; j++) {
          const sum = s[2 * (b * fields + i)] + s[2 * (b * fields + j) + 1];
          const score = i === j ? -Infinity : sum > 0 ? sum : slope * sum;
          w[at + j] = score;
          largest = Math.max(largest, score);
        }
        for (let j = 0; j < fields; j++) total += w[at + j] = Math.exp(w[at + j] - largest);
        for (let j = 0; j < fields; j++) w[at + j] /= total;
      }
    }
  };
};

/** y[b, h, t, :] = x[b, h, t, :] + x[b, t, h, :]. */
const mixTokens: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [x, y] = [site.floats(input), site.floats(output)];
  const { fields: tokens, dim } = sizesOfFields(input);
  const width = dim / tokens;
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let h = 0; h < tokens; h++) {
        for (let t = 0; t < tokens; t++) {
          const [own, other] = [((b * tokens + h) * tokens + t) * width, ((b * tokens + t) * tokens + h) * width];
          for (let n = 0; n < width; n++) y[own + n] = x[own + n] + x[other + n];
        }
      }
    }
  };
};

/** y[b, f, :] = softmax(factor z)_f x[b, f, :]. */
const regulate: Form = (site, { inputs: [input, scores], outputs: [output], attributes: factor }) => {
  const [x, z, y] = [input, scores, output].map((tensor) => site.floats(tensor));
  const [fields, width] = [rowWidth(scores), rowWidth(input)];
  const dim = width / fields;
  const gates = site.prepared(fields, (numbers) => {
    let [largest, total] = [-Infinity, 0];
    for (let f = 0; f < fields; f++) largest = Math.max(largest, factor * z[f]);
    for (let f = 0; f < fields; f++) total += Math.exp(factor * z[f] - largest);
    for (let f = 0; f < fields; f++) numbers[f] = Math.exp(factor * z[f] - largest) / total;
  });
  return (rows) => {
    for (let i = 0; i < rows * width; i++) y[i] = gates[Math.floor(i % width / dim)] * x[i];
  };
};

/** y[b, f, :] = a_f e[b, f, :] with a = relu(relu(z W0) W1) and z_f = mean_d e[b, f, d]. */
const senet: Form = (site, { inputs, outputs: [output], attributes: { fields, dim, reduced } }) => {
  const [e, w0, w1] = inputs.map((input) => site.floats(input));
  const y = site.floats(output);
  const [z, h, a] = [fields, reduced, fields].map((count) => ({ array: site.scratch(count) }));
  const squeeze = site.product({ inner: fields, outer: reduced, at: (k, n) => w0[k * reduced + n] });
  const excite = site.product({ inner: reduced, outer: fields, at: (k, n) => w1[k * fields + n] });
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      const first = b * fields * dim;
      for (let f = 0; f < fields; f++) {
        let sum = 0;
        for (let d = 0; d < dim; d++) sum += e[first + f * dim + d];
        z.array[f] = sum / dim;
      }
      squeeze(z, h, 1, 0);
      excite(h, a, 1, 0);
      for (let i = 0; i < fields * dim; i++) y[first + i] = a.array[Math.floor(i / dim)] * e[first + i];
    }
  };
};

/** Vectors lifted to the hyperboloid and scaled to time 1: space = x / s, time = |x|^2 / (s (s + 1)), s^2 = 1 + |x|^2. */
const hyperboloid: Form = (site, { inputs: [input], outputs, attributes: { fields, dim } }) => {
  const x = site.floats(input);
  const [space, time] = outputs.map((output) => site.floats(output));
  return (rows) => {
    for (let r = 0; r < rows * fields; r++) {
      let squares = 0;
      for (let i = r * dim; i < (r + 1) * dim; i++) squares += x[i] * x[i];
      const s = Math.sqrt(1 + squares);
      for (let i = r * dim; i < (r + 1) * dim; i++) space[i] = x[i] / s;
      time[r] = squares / (s * (s + 1));
    }
  };
};

/** Pads dimensions by zeros, or drops those past the output's. */
const resize: Form = (site, { inputs: [input], outputs: [output] }) => {
  const [x, y] = [site.floats(input), site.floats(output)];
  const [from, to] = [lastOf(input), lastOf(output)];
  const vectors = rowWidth(input) / from;
  return (rows) => {
    for (let v = 0; v < rows * vectors; v++) {
      for (let d = 0; d < to; d++) y[v * to + d] = d < from ? x[v * from + d] : 0;
    }
  };
};

/** Forms along fields, by the names of their ops. */
export const fieldForms: Forms = {
  field_sum: fieldSum,
  repeat_fields: repeatFields,
  shift_fields: shiftFields,
  fields_before: fieldsBefore,
  center_fields: centerFields,
  attend_fields: attendFields,
  field_graph: fieldGraph,
  mix_tokens: mixTokens,
  regulate,
  senet,
  hyperboloid,
  pad_dimensions: resize,
  crop_dimensions: resize,
};
