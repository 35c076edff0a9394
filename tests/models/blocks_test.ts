import { deepcrossing, edcn, type EdcnOptions, masknet, type MasknetOptions } from "../../models/mod.ts";
import {
  type Batch,
  batchNorm,
  concat,
  dense,
  embed,
  layerNorm,
  map,
  type Matrix,
  mlp,
  plus,
  relu,
  softmax,
  times,
  type Weights,
} from "../reference/nn.ts";
import { AWKWARD_SHAPES, checkModel } from "./check_model.ts";

const hidden = [5, 3];

function deepcrossingReference(weights: Weights, batch: Batch, dim: number, activateSum: boolean): Matrix {
  let h = embed(batch.ids, weights.embedding, dim);
  for (const name of ["residual", "residual_1"]) {
    const finish = (z: Matrix): Matrix => {
      const normal = weights[`${name}.bn.weight`] ? batchNorm(z, weights, `${name}.bn`, batch.training) : z;
      return map(normal, relu);
    };
    const z = dense(h, weights, `${name}.0`);
    const sum = plus(h, dense(activateSum ? map(z, relu) : finish(z), weights, `${name}.1`));
    h = activateSum ? finish(sum) : sum;
  }
  return dense(h, weights, "top");
}

function masknetReference(weights: Weights, batch: Batch, dim: number, options: MasknetOptions): Matrix {
  const e = embed(batch.ids, weights.embedding, dim);
  const block = (h: Matrix, i: number): Matrix => {
    const name = i === 0 ? "mask" : `mask_${i}`;
    const mask = dense(map(dense(e, weights, `${name}.0`), relu), weights, `${name}.1`);
    const z = dense(times(mask, h), weights, `${name}.out`);
    return map(weights[`${name}.ln.weight`] ? layerNorm(z, weights, `${name}.ln`) : z, relu);
  };
  const h = weights["ln.weight"] ? layerNorm(e, weights, "ln", 1e-5, dim) : e;
  if (options.structure === "serial") return dense(hidden.reduce((h, _, i) => block(h, i), h), weights, "top");
  return mlp(concat(...[0, 1].map((i) => block(h, i))), weights, "mlp", { batch });
}

function edcnReference(weights: Weights, batch: Batch, dim: number, options: EdcnOptions): Matrix {
  const regulated = (x: Matrix, name: string): Matrix => {
    const [gates] = softmax([weights[`${name}.gate`].map((gate) => gate / options.temperature!)]);
    const y = x.map((row) => row.map((value, n) => value * gates[Math.floor(n / dim)]));
    return options.batchNorm ? batchNorm(y, weights, `${name}.bn`, batch.training) : y;
  };
  const bridged = (a: Matrix, b: Matrix, name: string): Matrix => {
    if (options.bridge === "sum") return plus(a, b);
    if (options.bridge === "concat") return map(dense(concat(a, b), weights, `${name}.out`), relu);
    if (options.bridge !== "attention") return times(a, b);
    return plus(
      ...[a, b].map((x, i) =>
        times(x, softmax(dense(map(dense(x, weights, `${name}.${i}.0`), relu), weights, `${name}.${i}.1`)))
      ),
    );
  };
  let joined = embed(batch.ids, weights.embedding, dim);
  let [first, crossed, deep] = [joined, joined, joined];
  for (let l = 0; l < 2; l++) {
    crossed = options.regulation === false ? joined : regulated(joined, `regulation.${l}.cross`);
    deep = options.regulation === false ? joined : regulated(joined, `regulation.${l}.deep`);
    if (l === 0) first = crossed;
    const [w, bias] = [weights[`cross.${l}.weight`], weights[`cross.${l}.bias`]];
    crossed = crossed.map((row, b) => {
      const dot = row.reduce((sum, value, n) => sum + value * w[n], 0);
      return row.map((value, n) => first[b][n] * dot + bias[n] + value);
    });
    deep = mlp(deep, weights, `deep.${l}`, { batch, hiddenOnly: true });
    joined = bridged(crossed, deep, `bridge.${l}`);
  }
  return dense(concat(crossed, deep, joined), weights, "top");
}

for (const shape of AWKWARD_SHAPES) {
  const { dim } = shape;
  const size = JSON.stringify(shape);
  for (const batchNorm of shape.rows > 1 ? [false, true] : [false]) {
    for (const activateSum of [false, true]) {
      const label = `${batchNorm ? "with batch norm " : ""}${activateSum ? "of activated sums " : ""}`;
      Deno.test(`deepcrossing ${label}equals float64 for ${size}`, () =>
        checkModel(
          deepcrossing({ dim, hidden, batchNorm, activateSum }),
          shape,
          (weights, batch) => deepcrossingReference(weights, batch, dim, activateSum),
        ));
    }
  }
  for (const structure of ["parallel", "serial"] as const) {
    for (const norm of dim > 1 ? [true, false] : [false]) {
      const options = { dim, structure, hidden, blocks: 2, width: 6, embeddingNorm: norm, blockNorm: norm };
      Deno.test(`masknet ${structure} ${norm ? "with layer norms " : ""}equals float64 for ${size}`, () =>
        checkModel(masknet(options), shape, (weights, batch) => masknetReference(weights, batch, dim, options), {
          rtol: 5e-5,
        }));
    }
  }
  for (const kind of ["product", "sum", "concat", "attention"] as const) {
    const regulation = kind !== "sum";
    const settings = { temperature: 2, batchNorm: shape.rows > 1, regulation };
    const options = { dim, layers: 2, bridge: kind, ...settings };
    Deno.test(`edcn with bridge ${kind} equals float64 for ${size}`, () =>
      checkModel(edcn(options), shape, (weights, batch) => edcnReference(weights, batch, dim, options), {
        rtol: 5e-5,
      }));
  }
}
