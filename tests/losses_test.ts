import golden from "./golden/losses.json" with { type: "json" };
import practice from "./golden/losses_practice.json" with { type: "json" };
import { categorical, crossEntropy, dnn, focal, mmoe, Model, readCsv } from "../mod.ts";
import { activation, concat, logarithm, multiply, scale, subtract } from "../src/layers/mod.ts";
import { Graph } from "../src/graph/graph.ts";
import { type CustomLoss, type LabelLoss, type LossFunction, requireLoss, startingLogOdds } from "../src/losses.ts";
import { labelLoss } from "../src/ops/train/loss.ts";
import { assertAlmostEquals, assertRejects, assertThrows } from "@std/assert";
import { LABEL_LOSSES } from "./reference/loss.ts";
import { inFolder } from "./folder.ts";
import { run } from "./run.ts";
import { assertClose, gpu, randomArray, step } from "./support.ts";

interface Rows {
  logits: readonly number[];
  labels: readonly number[];
  /** @default 1 each */
  weights?: readonly number[];
}

/** The loss of a batch with its gradient by the logits. */
async function evaluate(label: LabelLoss, { logits, labels, weights = labels.map(() => 1) }: Rows) {
  const graph = new Graph("train");
  const how = { label, weighted: true };
  const { loss, dLogits } = labelLoss(graph.input("logits", ["B", 1]), graph.input("targets", [2, "B"]), how);
  const [value, gradient] = await run([loss, dLogits], {
    batch: logits.length,
    steps: [step(logits.length)],
    inputs: { logits: Float32Array.from(logits), targets: Float32Array.from([...labels, ...weights]) },
  });
  return { loss: new Float32Array(value)[0], dLogits: new Float32Array(gradient) };
}

const { logits, labels, losses } = golden;
const GOLDEN: [string, LabelLoss, { mean: number; grad_of_mean_wrt_logit: number[]; per_sample: number[] }][] = [
  ["a positive weight", crossEntropy({ positiveWeight: 3.5 }), losses.bce_pos_weight],
  ["focal loss, gamma 2", focal(), losses["focal_g2_a0.25"]],
  ["focal loss, gamma 1", focal({ gamma: 1, alpha: 0.5 }), losses["focal_g1_a0.5"]],
  ["focal loss without alpha", focal({ gamma: 3, alpha: null }), losses["focal_g3_a-1"]],
];

for (const [name, label, expected] of GOLDEN) {
  Deno.test(`${name} equals PyTorch on golden logits, extreme ones included`, async () => {
    const { loss, dLogits } = await evaluate(label, { logits, labels });
    assertAlmostEquals(loss, expected.mean, 2e-6 * Math.max(1, expected.mean));
    assertClose(dLogits, expected.grad_of_mean_wrt_logit, "gradient", { atol: 1e-8, rtol: 4e-6 });
    for (const [b, sample] of expected.per_sample.entries()) {
      const { loss } = await evaluate(label, { logits: [logits[b]], labels: [labels[b]] });
      assertAlmostEquals(loss, sample, 4e-6 * Math.max(1, sample), `row ${b}`);
    }
  });
}

const PRACTICE: [keyof typeof practice.losses, LabelLoss][] = [
  ["weighted_by_weight_sum", crossEntropy()],
  ["smoothed_0.1", crossEntropy({ smoothing: 0.1 })],
  ["smoothed_0.02", crossEntropy({ smoothing: 0.02 })],
  ["smoothed_to_rate", crossEntropy({ smoothing: 0.1, smoothTo: 0.3 })],
  ["weighted_and_smoothed", crossEntropy({ smoothing: 0.05 })],
];

for (const [name, label] of PRACTICE) {
  Deno.test(`labels that are ${name} equal PyTorch`, async () => {
    const { value, grad_wrt_logit: gradient } = practice.losses[name];
    const weights = name.startsWith("weighted") ? practice.weights : undefined;
    const { loss, dLogits } = await evaluate(label, {
      logits: practice.inputs[0].data,
      labels: practice.labels,
      weights,
    });
    assertAlmostEquals(loss, value, 2e-6 * value);
    assertClose(dLogits, gradient, "gradient", { atol: 1e-8, rtol: 4e-6 });
  });
}

const SOFT: [string, LabelLoss, (z: number, y: number) => number][] = [
  ["a positive weight", crossEntropy({ positiveWeight: 0.3 }), LABEL_LOSSES.balanced(0.3)],
  ["focal loss", focal({ gamma: 1.5, alpha: 0.7 }), LABEL_LOSSES.focal(1.5, 0.7)],
  ["focal loss with gamma 0", focal({ gamma: 0, alpha: 0.7 }), LABEL_LOSSES.focal(0, 0.7)],
];

for (const [name, label, reference] of SOFT) {
  Deno.test(`${name} of labels between 0 and 1 matches its reference and central differences`, async () => {
    const rows = {
      logits: [...randomArray(9001, 1)].map((z) => Math.fround(6 * z)),
      labels: [...randomArray(9001, 2)].map((u) => Math.fround((u + 1) / 2)),
    };
    const { loss, dLogits } = await evaluate(label, rows);
    const sum = rows.logits.reduce((total, z, b) => total + reference(z, rows.labels[b]), 0);
    assertAlmostEquals(loss, sum / 9001, 1e-5);
    const differences = rows.logits.map((z, b) =>
      (reference(z + 1e-5, rows.labels[b]) - reference(z - 1e-5, rows.labels[b])) / 2e-5 / 9001
    );
    assertClose(dLogits, differences, "gradient", { atol: 1e-9, rtol: 2e-5 });
  });
}

Deno.test("losses refuse options out of their range", () => {
  const refused: [() => unknown, string][] = [
    [
      () => crossEntropy({ positiveWeight: 0 }),
      "Cannot make cross_entropy: positiveWeight must be above 0, received 0",
    ],
    [() => crossEntropy({ smoothing: 1 }), "smoothing must be in [0, 1), received 1"],
    [() => crossEntropy({ smoothTo: 2 }), "smoothTo must be in [0, 1], received 2"],
    [() => focal({ gamma: -1 }), "Cannot make focal: gamma must be at least 0, received -1"],
    [() => focal({ alpha: NaN }), "alpha must be in [0, 1], received NaN"],
  ];
  for (const [make, message] of refused) assertThrows(make, RangeError, message);
  assertThrows(() => requireLoss("focal" as never), TypeError, "loss must be made by crossEntropy, focal or squared");
});

Deno.test("a model without evidence begins where its loss is the least", () => {
  const least: [LabelLoss, (z: number, y: number) => number, number][] = [
    [crossEntropy({ positiveWeight: 0.3 }), LABEL_LOSSES.balanced(0.3), 0],
    [crossEntropy({ positiveWeight: 5, smoothing: 0.1 }), LABEL_LOSSES.balanced(5), 0.1],
  ];
  for (const [label, reference, smoothing] of least) {
    const rate = 0.2 * (1 - smoothing) + smoothing / 2;
    const mean = (z: number) => rate * reference(z, 1) + (1 - rate) * reference(z, 0);
    const z = startingLogOdds(label, 0.2);
    assertAlmostEquals((mean(z + 1e-4) - mean(z - 1e-4)) / 2e-4, 0, 1e-7);
  }
  assertAlmostEquals(startingLogOdds((z) => z, 0.2), Math.log(0.25), 1e-12);
});

const TABLE = [
  "click,buy,user",
  ...Array.from({ length: 240 }, (_, r) => `${+(r % 4 === 0)},${+(r % 8 === 0)},u${r % 3}`),
];

function table(label: "click" | readonly string[]) {
  const file = new File([TABLE.join("\n")], "clicks.csv");
  return readCsv(file, {
    ...(typeof label === "string" ? { label } : { labels: label }),
    features: [categorical("user")],
  });
}

/** Trains a model on a table whose clicks do not depend on the user, and returns what it predicts on average. */
async function rateAfter(loss: LossFunction | undefined): Promise<number> {
  const data = await table("click");
  await using model = await Model.create(dnn({ dim: 4, hidden: [4] }), data.schema, { seed: 1, device: await gpu() });
  await model.fit(data, { epochs: 8, batchSize: 60, loss, unseenShare: 0 });
  const scores = await model.predict(data);
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

Deno.test("training with a positive weight or smoothed labels moves the rate that a model predicts", async () => {
  assertAlmostEquals(await rateAfter(undefined), 0.25, 0.01);
  // w p / (w p + 1 - p) = 3 / (3 + 3), and 0.8 * 0.25 + 0.2 * 0.5.
  assertAlmostEquals(await rateAfter(crossEntropy({ positiveWeight: 3 })), 0.5, 0.01);
  assertAlmostEquals(await rateAfter(crossEntropy({ smoothing: 0.2 })), 0.3, 0.01);
});

/** Cross-entropy that is made of ops. */
const own: CustomLoss = (logits, labels) => {
  const likely = multiply(labels, logarithm(activation(logits, "sigmoid"), 1e-30));
  const unlikely = multiply(labels, logarithm(activation(scale(logits, -1), "sigmoid"), 1e-30));
  return subtract(subtract(unlikely, likely), logarithm(activation(scale(logits, -1), "sigmoid"), 1e-30));
};

Deno.test("a loss that is made of ops trains as the one that is built in", async () => {
  const file = new File([[...TABLE, ",1,u0", "1,,u1", ",0,u2"].join("\n")], "clicks.csv");
  const data = await readCsv(file, { labels: ["click", "buy"], features: [categorical("user")] });
  const train = async (loss: LossFunction | undefined) => {
    const definition = mmoe({ dim: 4, experts: 2, hidden: [8], tower: [4] });
    await using model = await Model.create(definition, data.schema, { seed: 1, device: await gpu() });
    const { epochs } = await model.fit(data, { epochs: 3, batchSize: 50, loss, taskWeights: { buy: 0.5 } });
    return { losses: epochs.map(({ loss }) => loss), scores: await model.predictTasks(data) };
  };
  const [built, made] = [await train(undefined), await train(own)];
  assertClose(made.losses, built.losses, "losses", { rtol: 1e-5 });
  for (const task of ["click", "buy"]) assertClose(made.scores[task], built.scores[task], task, { rtol: 1e-3 });
});

Deno.test("training refuses what is no loss, losses of another shape, and to go on with another loss", () =>
  inFolder(async (folder) => {
    const data = await table("click");
    await using model = await Model.create(dnn({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
    await assertRejects(
      () => model.fit(data, { loss: "focal" as never }),
      TypeError,
      "Cannot train: loss must be made by",
    );
    const wide: CustomLoss = (logits, labels) => concat(logits, labels);
    await assertRejects(
      () => model.fit(data, { loss: wide }),
      TypeError,
      "must return a tensor [B, 1], received [B, 2]",
    );
    const checkpoint = { path: `${folder}/run.weft` };
    await model.fit(data, { epochs: 1, loss: focal(), checkpoint });
    await assertRejects(
      () => model.fit(data, { epochs: 2, resume: checkpoint.path }),
      TypeError,
      "Cannot resume: the checkpoint was trained with loss",
    );
    await model.fit(data, { epochs: 2, loss: focal(), resume: checkpoint.path });
  }));
