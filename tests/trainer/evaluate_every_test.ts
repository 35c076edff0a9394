import { lr } from "../../models/mod.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import type { FitOptions, History } from "../../src/trainer/options.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gpu } from "../support.ts";

const { data } = plantedInteractions({ rows: 400, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 });
const [training, validation] = data.split([0.8, 0.2], { by: "position" });

interface Seen {
  readonly epoch: number;
  readonly step: number;
  readonly logloss: number;
  readonly lr: number;
}

async function fit(options: FitOptions): Promise<{ history: History; seen: Seen[]; logloss: number }> {
  const seen: Seen[] = [];
  await using model = await Model.create(lr(), data.schema, { seed: 3, device: await gpu() });
  const history = await model.fit(training, {
    ...{ batchSize: 32, optimizer: sgd({ lr: 0.5 }), validation, ...options },
    onEvaluation: ({ epoch, step, validation, lr }) => {
      seen.push({ epoch, step, logloss: validation!.logloss, lr });
    },
  });
  return { history, seen, logloss: (await model.evaluate(validation)).logloss };
}

Deno.test("evaluations come every so many steps of the training, and at the ends of epochs once", async () => {
  const { history, seen } = await fit({ epochs: 3, evaluateEvery: { steps: 4 } });
  // An epoch has ten steps: step 20 ends one.
  assertEquals(seen.map(({ epoch, step }) => [epoch, step]), [[1, 4], [1, 8], [2, 12], [2, 16], [3, 24], [3, 28]]);
  assertEquals([history.epochs.length, history.bestEpoch, history.bestStep], [3, 3, 30]);
  const plain = await fit({ epochs: 3 });
  assertEquals(plain.history.epochs.map(({ validation }) => validation), history.epochs.map((e) => e.validation));
});

Deno.test("early stopping counts evaluations, ends within an epoch and goes back to the best step", async () => {
  // At such a rate the loss soon rises.
  const optimizer = sgd({ lr: 60 });
  const earlyStopping = { monitor: "logloss", patience: 2, factor: 1 } as const;
  const { history, seen, logloss } = await fit({ epochs: 9, evaluateEvery: { steps: 3 }, optimizer, earlyStopping });
  assertEquals(history.ended, "early stopping");
  const values = [
    ...seen.map(({ step, logloss }) => [step, logloss]),
    ...history.epochs.map(({ epoch, validation }) => {
      return [10 * epoch, validation!.logloss];
    }),
  ].sort(([a], [b]) => a - b);
  const best = values.toSorted(([, a], [, b]) => a - b)[0];
  assertEquals([history.bestStep, logloss], best);
  assertEquals(values.indexOf(values.find(([step]) => step === best[0])!), values.length - 3);
  assert(values.at(-1)![0] < 90);
});

Deno.test("the learning rate falls within an epoch after an evaluation that fails", async () => {
  const earlyStopping = { monitor: "logloss", patience: 100, factor: 0.5 } as const;
  const { seen } = await fit({ epochs: 2, evaluateEvery: { steps: 2 }, optimizer: sgd({ lr: 60 }), earlyStopping });
  const fall = seen.findIndex(({ lr }) => lr < 60);
  assert(fall > 0 && seen[fall].lr === 30, JSON.stringify(seen));
});

Deno.test("evaluations within an epoch need validation rows and a positive number of steps", async () => {
  await assertRejects(
    () => fit({ validation: undefined, evaluateEvery: { steps: 3 } }),
    TypeError,
    "evaluateEvery needs validation data",
  );
  await assertRejects(() => fit({ evaluateEvery: { steps: 0 } }), RangeError, "evaluateEvery.steps");
});
