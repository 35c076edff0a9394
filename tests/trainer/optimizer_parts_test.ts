import { deepfm, fm } from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { uniform } from "../../src/initializer.ts";
import { Model } from "../../src/model.ts";
import { adagrad, adam, adamw, ftrl, type Optimizer, rowwiseAdagrad, sgd, tableSlots } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { updateRow } from "../reference/optimizer.ts";
import { type TableState, updateTableReference } from "../reference/table_update.ts";
import { assertClose, gpu } from "../support.ts";

const BATCH = 60;
const data = plantedInteractions({ rows: 180, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 }).data;
const OPTIONS: FitOptions = { batchSize: BATCH, shuffle: false, unseenShare: 0, initialBias: "keep" };

/** Makes a model with embeddings that are large enough for float32 to tell their gradients well. */
async function create(slug = fm): Promise<Model> {
  const embeddingInitializer = uniform(-0.5, 0.5);
  return await Model.create(slug({ dim: 4 }), data.schema, { seed: 5, device: await gpu(), embeddingInitializer });
}

async function train(options: FitOptions): Promise<Record<string, { data: ArrayLike<number> }>> {
  await using model = await create();
  await model.fit(data, { ...OPTIONS, ...options });
  return await model.parameters() as Record<string, { data: ArrayLike<number> }>;
}

interface Parts {
  embedding: Optimizer;
  linear: Optimizer;
  network: Optimizer;
}

/** A table's first weights with the state that its optimizer begins with. */
function begin(weights: ArrayLike<number>, optimizer: Optimizer, dim: number): TableState {
  const states = tableSlots(optimizer).filter(({ saved }) => saved).map(({ initial, perRow }) =>
    new Float64Array(perRow ? weights.length / dim : weights.length).fill(initial)
  );
  const { carrier } = optimizer;
  if (carrier) states[carrier.slot].set(Array.from(weights, (w) => carrier.stateOf(w)));
  return { weights: Float64Array.from(weights), states };
}

/** Trains a factorization machine in float64, each part by its own rule at its own rate. */
async function trainReference({ schema, ids, labels, rows }: Dataset, parts: Parts, rateOf: (step: number) => number) {
  await using model = await create();
  const first = await model.parameters() as Record<string, { data: ArrayLike<number> }>;
  const [fields, dim] = [schema.fields.length, 4];
  const embedding = begin(first.embedding.data, parts.embedding, dim);
  const linear = begin(first.linear.data, parts.linear, 1);
  const bias = begin(first["linear.bias"].data, parts.network, 1);
  for (let step = 0; step < rows / BATCH; step++) {
    const own = Uint32Array.from(
      { length: fields * BATCH },
      (_, o) => ids[Math.floor(o / BATCH) * rows + step * BATCH + o % BATCH],
    );
    const rowsOf = (b: number) => Array.from({ length: fields }, (_, f) => own[f * BATCH + b]);
    const fmSum = new Float64Array(BATCH * dim);
    const slope = Float64Array.from({ length: BATCH }, (_, b) => {
      let z = bias.weights[0];
      for (const row of rowsOf(b)) z += linear.weights[row];
      for (let d = 0; d < dim; d++) {
        let [sum, squares] = [0, 0];
        for (const row of rowsOf(b)) {
          const e = embedding.weights[row * dim + d];
          [sum, squares] = [sum + e, squares + e * e];
        }
        fmSum[b * dim + d] = sum;
        z += (sum * sum - squares) / 2;
      }
      return (1 / (1 + Math.exp(-z)) - labels[step * BATCH + b]) / BATCH;
    });
    const batch = { batch: BATCH, rows: BATCH, fields, ids: own };
    const factor = rateOf(step) / parts.network.lr;
    const at = (optimizer: Optimizer) => ({ optimizer, lr: factor * optimizer.lr, t: step + 1, l2: 0 });
    updateTableReference({ ...batch, dim, dFm: slope, fmSum }, embedding, at(parts.embedding));
    updateTableReference({ ...batch, dim: 1, dLinear: slope }, linear, at(parts.linear));
    const rule = { ...at(parts.network), target: "parameter" } as const;
    updateRow(rule, bias.weights, Float64Array.of(slope.reduce((sum, x) => sum + x)), bias.states);
  }
  return { embedding: embedding.weights, linear: linear.weights, "linear.bias": bias.weights };
}

Deno.test("each part steps by its own rule at its own rate, as in float64", async () => {
  const cases: Parts[] = [
    { embedding: adam({ lr: 0.02 }), linear: ftrl({ lr: 0.3, l1: 0.001 }), network: adamw({ lr: 0.05, beta2: 0.9 }) },
    {
      embedding: adam({ lr: 0.02, embeddingUpdate: "dense" }),
      linear: ftrl({ lr: 0.3, embeddingUpdate: "dense" }),
      network: sgd({ lr: 0.1, momentum: 0.9 }),
    },
    {
      embedding: rowwiseAdagrad({ lr: 0.1 }),
      linear: adam({ beta1: 0.5, embeddingUpdate: "dense" }),
      network: adam({ lr: 0.05 }),
    },
    { embedding: ftrl({ lr: 0.2 }), linear: sgd({ lr: 0.5 }), network: ftrl({ lr: 0.1 }) },
  ];
  for (const optimizer of cases) {
    const name = Object.values(optimizer).map(({ name }) => name).join();
    for (const schedule of [undefined, (step: number) => 0.1 / (step + 1)]) {
      const trained = await train({ optimizer, schedule });
      const expected = await trainReference(data, optimizer, schedule ?? (() => optimizer.network.lr));
      for (const [tensor, values] of Object.entries(expected)) {
        assertClose(Float32Array.from(trained[tensor].data), values, `${name}: ${tensor}`, { rtol: 2e-5 });
      }
    }
  }
});

Deno.test("optimizers by part that are the same give the bytes of one optimizer", async () => {
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    const make = () => adam({ lr: 0.01, embeddingUpdate });
    for (const more of [{}, { clipNorm: 0.01 }, { l2: { embedding: 0.1, net: 0.1 } }, { l2: { byCount: 0.3 } }]) {
      const whole = await train({ ...more, optimizer: make() });
      assertEquals(await train({ ...more, optimizer: { embedding: make(), linear: make(), network: make() } }), whole);
      assertNotEquals(
        await train({ ...more, optimizer: { linear: ftrl(), embedding: make(), network: make() } }),
        whole,
      );
    }
  }
  assertEquals(await train({ optimizer: {} }), await train({}));
  assertEquals(await train({ optimizer: { linear: adam() } }), await train({}));
});

Deno.test("a training by parts resumes, and goes on with its state, with the same bytes", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const optimizer = { linear: ftrl({ lr: 0.3 }), embedding: adagrad({ lr: 0.1, embeddingUpdate: "dense" }) } as const;
    const fit = async (...fits: FitOptions[]) => {
      await using model = await create(deepfm);
      for (const options of fits) await model.fit(data, { ...OPTIONS, optimizer, ...options });
      return await model.parameters();
    };
    const whole = await fit({ epochs: 3 });
    await fit({ epochs: 1, checkpoint: { path } });
    assertEquals(await fit({ epochs: 3, resume: path }), whole);
    assertEquals(await fit({ epochs: 2, optimizerState: "keep" }, { optimizerState: "keep" }), whole);
    await assertRejects(
      () => fit({ epochs: 3, resume: path, optimizer: adam() }),
      TypeError,
      "Cannot resume: the checkpoint was trained with optimizer {",
    );
    await assertRejects(
      () => fit({ optimizerState: "keep" }, { optimizerState: "keep", optimizer: adam() }),
      TypeError,
      "adam with 2 numbers of state and lazy updates for network, adagrad with 1 numbers of state and dense updates for " +
        "embedding, ftrl with 2 numbers of state and lazy updates for linear, received adam",
    );
  }));

Deno.test("parts that no model has, and what is no optimizer, are refused", async () => {
  const refuse = (optimizer: unknown, message: string) =>
    assertRejects(() => train({ optimizer: optimizer as Optimizer }), TypeError, message);
  await refuse({ wide: ftrl() }, 'Cannot train: optimizers are of network, embedding, linear, received "wide"');
  await refuse({ linear: "ftrl" }, 'the optimizer of linear must be made by adam or the like, received "ftrl"');
  await refuse("adam", 'optimizer must be made by adam or the like, received "adam"');
});
