/**
 * Forms of attention among fields.
 *
 * @module
 */
import { type Form, FormError, type Forms } from "../form.ts";
import { packedAt } from "../product.ts";
import { denseOver } from "./dense.ts";
import { softmaxOf } from "./elements.ts";

/** act(softmax(scale q k^T) v + r), head by head, of projections (q, k, v[, r]) side by side. */
const attention: Form = (site, { inputs: [projections, residuals], outputs: [output], attributes }) => {
  const { heads, width, residual, scale, relu } = attributes;
  if (residual === undefined) throw new FormError("Cannot compute on the processor: no form of attention over pairs");
  const [p, o] = [site.floats(projections), site.floats(output)];
  const [fields, stride] = projections.shape.slice(1).map(Number);
  const head = width / heads;
  const keys = site.changing({ inner: head, outer: fields });
  const values = site.changing({ inner: fields, outer: head });
  const weights = { array: site.scratch(fields * fields) };
  const [queries, sums] = [{ array: p, first: 0, stride }, { array: o, first: 0, stride: width }];
  const finish = residual === "packed"
    ? addResidual(o, p, { width, stride, first: 3 * width, relu })
    : addResidual(o, residual === "input" ? site.floats(residuals) : undefined, {
      width,
      stride: width,
      first: 0,
      relu,
    });
  return (rows) => {
    for (let b = 0; b < rows; b++) {
      for (let c = 0; c < width; c += head) {
        queries.first = b * fields * stride + c;
        sums.first = b * fields * width + c;
        for (let j = 0; j < fields; j++) {
          const key = queries.first + j * stride + width;
          for (let d = 0; d < head; d++) {
            keys.packed[packedAt(d, j, head)] = p[key + d];
            values.packed[packedAt(j, d, fields)] = p[key + width + d];
          }
        }
        keys.multiply(queries, weights, fields);
        for (let i = 0; i < fields * fields; i++) weights.array[i] *= scale;
        for (let i = 0; i < fields * fields; i += fields) softmaxOf(weights.array, i, weights.array, i, fields);
        values.multiply(weights, sums, fields);
      }
    }
    finish(rows * fields);
  };
};

/** Prepares o = act(o + r), where vectors of r lie `stride` numbers apart. */
function addResidual(
  o: Float32Array,
  r: Float32Array | undefined,
  { width, stride, first, relu }: Record<"width" | "stride" | "first", number> & { readonly relu: boolean },
): (vectors: number) => void {
  return (vectors) => {
    for (let v = 0; v < vectors; v++) {
      for (let n = 0; n < width; n++) {
        const value = o[v * width + n] + (r ? r[v * stride + first + n] : 0);
        o[v * width + n] = relu && value < 0 ? 0 : value;
      }
    }
  };
}

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
