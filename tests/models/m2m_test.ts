import { m2m, type M2mOptions } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { Model } from "../../src/model.ts";
import { drawDataset, schemaOf } from "../datasets.ts";
import { type Batch, dense, embed, map, type Matrix, softmax, type Weights } from "../reference/nn.ts";
import { assertClose, gpu } from "../support.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

const leaky = (value: number): number => value > 0 ? value : 0.01 * value;

/** A dense layer whose weights and, where there are some, biases are those that a scenario makes. */
function metaDense(x: Matrix, scenario: Float64Array, weights: Weights, name: string): Matrix {
  const [weight] = dense([scenario], weights, `${name}.weight`);
  const bias = weights[`${name}.bias.weight`] && dense([scenario], weights, `${name}.bias`)[0];
  return dense(x, { "w.weight": weight, ...(bias && { "w.bias": bias }) }, "w");
}

/** Outputs of the experts of a row, whose first layer's weights lie side by side. */
function expertsOf(e: Float64Array, weights: Weights, count: number): Matrix {
  return Array.from({ length: count }, (_, j) => {
    let h: Matrix = [e];
    for (let i = 0; weights[`expert.${i}.weight`]; i++) {
      const [all, bias] = [weights[`expert.${i}.weight`], weights[`expert.${i}.bias`]];
      const [inner, units] = [h[0].length, bias.length / count];
      const own = Float64Array.from({ length: inner * units }, (_, at) => {
        const [k, n] = [Math.floor(at / units), at % units];
        return i === 0 ? all[(k * count + j) * units + n] : all[(j * inner + k) * units + n];
      });
      const part = { "w.weight": own, "w.bias": bias.subarray(j * units, (j + 1) * units) };
      h = map(dense(h, part, "w"), leaky);
    }
    return h[0];
  });
}

/** Logits of all tasks. */
function reference(weights: Weights, batch: Batch, options: M2mOptions, tasks: number): Matrix {
  const { dim = 0, domain = [], experts: count = 0, units = 0, layers = 2 } = options;
  return embed(batch.ids, weights.embedding, dim).map((e) => {
    const known = domain.length > 0 ? e.subarray(0, dim) : e; // the scenario is the first field
    const [scenario] = map(dense([known], weights, "scenario.0"), leaky);
    const experts = expertsOf(e, weights, count);
    const ofExperts = metaDense(experts, scenario, weights, "attention");
    const [ofTasks] = dense([scenario], weights, "task");
    return Float64Array.from({ length: tasks }, (_, t) => {
      const seen = ofExperts.map((row) => row.map((value, n) => leaky(value + ofTasks[t * 2 * units + n])));
      const [gates] = softmax([Float64Array.from(dense(seen, weights, "score"), ([score]) => score)]);
      let h = Float64Array.from(
        { length: units },
        (_, n) => experts.reduce((sum, expert, j) => sum + gates[j] * expert[n], 0),
      );
      for (let layer = 0; layer < layers; layer++) {
        const [made] = metaDense([h], scenario, weights, layer === 0 ? "tower" : `tower_${layer}`);
        h = h.map((value, n) => leaky(value + made[n]));
      }
      const top = weights["top.weight"];
      return h.reduce((sum, value, n) => sum + value * top[t * units + n], weights["top.bias"][t]);
    });
  });
}

const cases: [ModelShape, M2mOptions][] = [
  [{ fields: 1, dim: 1, rows: 1 }, { experts: 1, hidden: [], units: 1, layers: 1 }],
  [{ fields: 3, dim: 4, rows: 37 }, { experts: 3, hidden: [5], units: 4, domain: ["f0"] }],
  [{ fields: 2, dim: 17, rows: 5 }, { experts: 2, hidden: [3], units: 3, layers: 3 }],
];
for (const [shape, sizes] of cases) {
  const options = { dim: shape.dim, ...sizes };
  Deno.test(`m2m with ${sizes.experts} experts equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(m2m(options), shape, (weights, batch) => reference(weights, batch, options, 1), { rtol: 5e-5 }));
}

Deno.test("m2m's logits of three tasks equal float64", async () => {
  const schema = schemaOf([4, 5, 6], undefined, ["click", "cart", "buy"]);
  const options = { dim: 3, experts: 2, hidden: [4], units: 3, domain: ["f0"] };
  await using model = await Model.create(m2m(options), schema, { device: await gpu(), seed: 4 });
  const parameters = await model.parameters();
  const { embedding } = parameters;
  embedding.data = Float32Array.from(embedding.data as Float32Array, (value) => 5000 * value);
  model.setParameters({ embedding });
  const rows = 9;
  const { ids: drawn } = drawDataset(schemaOf([4, 5, 6]), rows, 3);
  const labels = new Float32Array(3 * rows);
  const data = new Dataset({ schema, rows, ids: drawn, values: undefined, labels, labeled: true });
  const ids = Array.from({ length: rows }, (_, b) => schema.fields.map((_, f) => drawn[f * rows + b]));
  const weights = Object.fromEntries(
    Object.entries(parameters).map(([name, { data }]) => [name, Float64Array.from(data as Float32Array)]),
  );
  const expected = reference(weights, { ids, training: false }, options, 3);
  const predicted = await model.predictTasks(data);
  schema.tasks.forEach((task, t) => {
    const logits = Array.from(predicted[task], (p) => Math.log(p / (1 - p)));
    assertClose(logits, expected.map((row) => row[t]), task, { rtol: 2e-5, atol: 2e-6 });
  });
});
