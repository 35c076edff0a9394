import { deepfm, dnn } from "../../models/mod.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { adam, type Optimizer, sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { averageOf } from "../reference/average.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { assertClose, gpu } from "../support.ts";

const { data } = plantedInteractions({ rows: 640, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 });
const [training, validation] = data.split([0.8, 0.2], { by: "position" });
const definition = deepfm({ dim: 4, hidden: [8] });

type Tensors = Record<string, { data: Float32Array }>;

async function train(options: FitOptions, own = definition): Promise<Tensors> {
  await using model = await Model.create(own, data.schema, { seed: 3, device: await gpu() });
  await model.fit(training, { batchSize: 64, optimizer: adam({ lr: 0.01 }), ...options });
  return await model.parameters() as Tensors;
}

/** Weights after each of some steps of one training of 8 steps an epoch. */
async function weightsAfter(steps: readonly number[], optimizer: Optimizer, own: Definition): Promise<Tensors[]> {
  const weights: Tensors[] = [];
  for (const last of steps) {
    const stop = new AbortController();
    await using model = await Model.create(own, data.schema, { seed: 3, device: await gpu() });
    let evaluated = 0;
    await model.fit(training, {
      batchSize: 64,
      optimizer,
      epochs: 100,
      validation,
      evaluateEvery: { steps: 1 },
      signal: stop.signal,
      onEvaluation: ({ step }) => {
        evaluated = step;
        if (step === last) stop.abort();
      },
      onEpoch: ({ epoch }) => {
        if (8 * epoch === last) stop.abort();
      },
    });
    assert(evaluated >= last - 1);
    weights.push(await model.parameters() as Tensors);
  }
  return weights;
}

const normalized = dnn({ dim: 4, hidden: [8], batchNorm: true });

for (
  const [name, optimizer, own] of [
    ["adam, lazily", adam({ lr: 0.01 }), definition],
    ["adam, densely", adam({ lr: 0.01, embeddingUpdate: "dense" }), definition],
    ["sgd with running statistics", sgd({ lr: 0.5 }), normalized],
  ] as const
) {
  Deno.test(`the average of weights trained by ${name} is that of a float64 loop over them`, async () => {
    const weights = await weightsAfter([4, 8, 12, 16], optimizer, own);
    const decay = 0.9;
    const ema = await train({ epochs: 2, optimizer, averaging: { kind: "ema", decay, every: 4 } }, own);
    const swa = await train({ epochs: 2, optimizer, averaging: { kind: "swa", from: 1 } }, own);
    for (const tensor of Object.keys(ema)) {
      const all = weights.map((parameters) => parameters[tensor].data);
      const tolerance = { rtol: 1e-6, atol: 1e-9 };
      // 1 - 0.9^4 is 0.34, so that the fourth average has another rate than an equal mean.
      assertClose(ema[tensor].data, averageOf(all, (n) => Math.max(1 / n, 1 - decay ** 4)), tensor, tolerance);
      assertClose(swa[tensor].data, averageOf([all[1], all[3]], (n) => 1 / n), tensor, tolerance);
    }
  });
}

for (
  const averaging of [{ kind: "ema", decay: 0.95, every: 3 }, { kind: "swa", from: 2 }] as const
) {
  Deno.test(`a resumed training with ${averaging.kind} gives the bytes of an undisturbed one`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/run.weft`;
      const options: FitOptions = { averaging, epochs: 4, validation, evaluateEvery: { steps: 5 } };
      const earlyStopping = { patience: 40 };
      for (const more of [{}, { earlyStopping }]) {
        const undisturbed = await train({ ...options, ...more });
        const stop = new AbortController();
        const onEvaluation = ({ step }: { step: number }) => step === 20 && stop.abort();
        await train({ ...options, ...more, checkpoint: { path }, signal: stop.signal, onEvaluation });
        assertEquals(await train({ ...options, ...more, resume: path }), undisturbed);
      }
      await assertRejects(() => train({ ...options, averaging: undefined, resume: path }), TypeError, "averaging");
    }));
}

Deno.test("evaluations and early stopping see the average, and training goes on from the weights", async () => {
  const evaluate = async (options: FitOptions) => {
    const values: number[] = [];
    await using model = await Model.create(definition, data.schema, { seed: 3, device: await gpu() });
    const history = await model.fit(training, {
      ...{ batchSize: 64, optimizer: adam({ lr: 0.01 }), epochs: 2, validation, ...options },
      onEpoch: (report) => void values.push(report.validation!.logloss),
    });
    return { values, history, final: (await model.evaluate(validation)).logloss };
  };
  const plain = await evaluate({});
  const averaged = await evaluate({ averaging: { kind: "ema", decay: 0.99, every: 2 } });
  assertNotEquals(averaged.values, plain.values);
  assertEquals(averaged.final, averaged.values[1]);
  const late = await evaluate({ averaging: { kind: "swa", from: 2 } });
  // The mean of one is the weights themselves, also after a change of places.
  assertEquals([late.values, late.final], [plain.values, plain.final]);
  const best = await evaluate({
    averaging: { kind: "ema", decay: 0.99, every: 2 },
    earlyStopping: { monitor: "logloss", patience: 5 },
  });
  assertEquals(best.final, Math.min(...best.values));
});

Deno.test("averages that cannot be are refused", async () => {
  const refused = (averaging: unknown) => train({ epochs: 2, averaging: averaging as FitOptions["averaging"] });
  await assertRejects(() => refused({ kind: "ema", decay: 1 }), RangeError, "averaging.decay must be in (0, 1)");
  await assertRejects(() => refused({ kind: "ema", decay: 0.9, every: 0 }), RangeError, "averaging.every");
  await assertRejects(() => refused({ kind: "swa", from: 3 }), RangeError, "averaging.from must be one of 2 epochs");
  await assertRejects(() => refused({ kind: "mean" }), TypeError, 'averaging.kind must be "ema" or "swa"');
});
