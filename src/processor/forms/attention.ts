/**
 * Forms of attention among fields.
 *
 * @module
 */
import { type Form, FormError, type Forms } from "../form.ts";
import { denseOver } from "./dense.ts";

/** act(softmax(scale q k^T) v + r), head by head, of projections (q, k, v[, r]) side by side. */
const attention: Form = (site, { inputs: [projections, residuals], outputs: [output], attributes }) => {
  const { heads, width, residual, scale, relu } = attributes;
  if (residual === undefined) throw new FormError("Cannot compute on the processor: no form of attention over pairs");
  const [p, o] = [site.floats(projections), site.floats(output)];
  const r = residual === "none" ? undefined : residual === "packed" ? p : site.floats(residuals);
  const [fields, stride] = projections.shape.slice(1).map(Number);
  const [before, rStride] = residual === "packed" ? [3 * width, stride] : [0, width];
  const head = width / heads;
  const weights = new Float64Array(fields);
  return (rows) => {
    for (let at = 0; at < rows * fields; at++) {
      const [own, first] = [at * stride, (at - at % fields) * stride];
      for (let c = 0; c < width; c += head) {
        let largest = -Infinity;
        for (let j = 0; j < fields; j++) {
          const key = first + j * stride + width + c;
          let score = 0;
          for (let d = 0; d < head; d++) score += p[own + c + d] * p[key + d];
          weights[j] = scale * score;
          largest = Math.max(largest, weights[j]);
        }
        let total = 0;
        for (let j = 0; j < fields; j++) total += weights[j] = Math.exp(weights[j] - largest);
        for (let d = 0; d < head; d++) {
          let sum = 0;
          for (let j = 0, v = first + 2 * width + c + d; j < fields; j++, v += stride) sum += weights[j] * p[v];
          const value = sum / total + (r ? r[at * rStride + before + c + d] : 0);
          o[at * width + c + d] = relu && value < 0 ? 0 : value;
        }
      }
    }
  };
};

/** (q, k, q - k, q * k) of a target, or of one for each place, beside the items of a history. */
function comparison(
  target: Float32Array,
  items: Float32Array,
  z: Float32Array,
  { places, width, byPlace }: { readonly places: number; readonly width: number; readonly byPlace: boolean },
): (rows: number) => void {
  return (rows) => {
    for (let at = 0; at < rows * places; at++) {
      const [q, k, to] = [(byPlace ? at : Math.floor(at / places)) * width, at * width, 4 * at * width];
      for (let n = 0; n < width; n++) {
        const [mine, other] = [target[q + n], items[k + n]];
        z[to + n] = mine;
        z[to + width + n] = other;
        z[to + 2 * width + n] = mine - other;
        z[to + 3 * width + n] = mine * other;
      }
    }
  };
}

const compare: Form = (site, { inputs: [target, items], outputs: [output] }) => {
  const [places, width] = items.shape.slice(1).map(Number);
  const byPlace = target.shape.length === 3;
  return comparison(site.floats(target), site.floats(items), site.floats(output), { places, width, byPlace });
};

/** A dense layer over such comparisons. */
const compareDense: Form = (site, node) => {
  const [target, items, weight, bias] = node.inputs;
  const [places, width] = items.shape.slice(1).map(Number);
  const z = site.scratch(4 * site.batch * places * width);
  const byPlace = target.shape.length === 3;
  const join = comparison(site.floats(target), site.floats(items), z, { places, width, byPlace });
  const { activation } = node.attributes;
  const run = denseOver(site, { x: z, inner: 4 * width, weight, bias, activation }, node.outputs[0]);
  return (rows) => {
    join(rows);
    run(rows * places);
  };
};

/** Forms of attention among fields and of comparisons, by the names of their ops. */
export const attentionForms: Forms = { attention, compare, compare_dense: compareDense };
