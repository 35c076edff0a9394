import golden from "../../golden/losses.json" with { type: "json" };
import { createBuffer, download, upload } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { activation } from "../../../src/ops/dense/pointwise.ts";
import { binaryCrossEntropy, storeScores } from "../../../src/ops/train/loss.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as reference from "../../reference/loss.ts";
import { run } from "../../run.ts";
import { assertClose, gpu, randomArray, step } from "../../support.ts";

async function evaluate(
  logits: Float32Array<ArrayBuffer>,
  labels: Float32Array<ArrayBuffer>,
  rows = logits.length,
): Promise<{ loss: number; dLogits: Float32Array }> {
  const graph = new Graph("train");
  const result = binaryCrossEntropy(graph.input("logits", ["B", 1]), graph.input("labels", ["B"]));
  const [loss, dLogits] = await run([result.loss, result.dLogits], {
    batch: logits.length,
    steps: [step(rows)],
    inputs: { logits, labels },
  });
  return { loss: new Float32Array(loss)[0], dLogits: new Float32Array(dLogits) };
}

for (const [batch, rows] of [[1, 1], [37, 37], [37, 20], [300, 299], [4096, 4096], [9001, 8500]]) {
  Deno.test(`binaryCrossEntropy averages ${rows} valid rows of ${batch}, with its gradient`, async () => {
    const logits = Float32Array.from(randomArray(batch, 1), (z) => 6 * z);
    const labels = Float32Array.from(randomArray(batch, 2), (u) => Number(u > 0.3));
    const { loss, dLogits } = await evaluate(logits, labels, rows);
    assertAlmostEquals(loss, reference.binaryCrossEntropy(logits, labels, rows), 2e-6);
    assertClose(dLogits, reference.crossEntropyGradient(logits, labels, rows), "dLogits", { atol: 0 });
    for (let b = rows; b < batch; b++) assertEquals(dLogits[b], 0);
  });
}

Deno.test("binaryCrossEntropy equals PyTorch on golden logits, extreme ones included", async () => {
  const { bce } = golden.losses;
  const { loss, dLogits } = await evaluate(Float32Array.from(golden.logits), Float32Array.from(golden.labels));
  assertAlmostEquals(loss, bce.mean, 1e-6);
  assertClose(dLogits, bce.grad_of_mean_wrt_logit, "dLogits", { atol: 1e-9, rtol: 1e-6 });
});

Deno.test("binaryCrossEntropy equals PyTorch row by row", async () => {
  const losses = await Promise.all(golden.logits.map(async (z, b) => {
    const { loss } = await evaluate(Float32Array.of(z), Float32Array.of(golden.labels[b]));
    return loss;
  }));
  losses.forEach((loss, b) => assertAlmostEquals(loss, golden.losses.bce.per_sample[b], 1e-6 * Math.max(1, loss)));
});

Deno.test("binaryCrossEntropy keeps the gradient of confident rows", async () => {
  const { loss, dLogits } = await evaluate(Float32Array.of(20), Float32Array.of(1));
  assertAlmostEquals(loss / Math.log1p(Math.exp(-20)), 1, 1e-5);
  assertAlmostEquals(-dLogits[0] / (1 / (1 + Math.exp(20))), 1, 1e-5);
});

Deno.test("binaryCrossEntropy accepts labels between 0 and 1", async () => {
  const logits = Float32Array.of(2, -3);
  const labels = Float32Array.of(0.25, 0.75);
  const { loss, dLogits } = await evaluate(logits, labels);
  assertAlmostEquals(loss, reference.binaryCrossEntropy(logits, labels, 2), 1e-6);
  assertClose(dLogits, reference.crossEntropyGradient(logits, labels, 2), "dLogits");
});

Deno.test("binaryCrossEntropy stores each step's loss in its slot of a ring, in one submit", async () => {
  const device = await gpu();
  const ring = createBuffer(device, "ring", 16);
  const graph = new Graph("train");
  const logits = graph.input("logits", ["B", 1]);
  binaryCrossEntropy(logits, graph.input("labels", ["B"]), { buffer: ring, size: 12 });
  const values = { logits: Float32Array.of(1, -2, 3, 4), labels: Float32Array.of(1, 0, 0, 1) };
  await run([activation(logits, "sigmoid")], {
    batch: 4,
    steps: [step(4, { slot: 1 }), step(2, { slot: 0 }), step(3, { slot: 3 })],
    inputs: values,
  });
  const stored = new Float32Array(await download(device, ring, 16));
  const expected = [2, 4].map((rows) => reference.binaryCrossEntropy(values.logits, values.labels, rows));
  assertClose(stored, [...expected, 0, 0], "ring");
});

Deno.test("binaryCrossEntropy gives the same bits twice", async () => {
  const logits = Float32Array.from(randomArray(9001, 3));
  const labels = new Float32Array(9001);
  const [first, second] = [await evaluate(logits, labels), await evaluate(logits, labels)];
  assertEquals(first.loss, second.loss);
  assertEquals(first.dLogits, second.dLogits);
});

Deno.test("storeScores writes probabilities of valid rows at their place in the data set", async () => {
  const device = await gpu();
  const out = upload(device, "scores", new Float32Array(10).fill(-1));
  const graph = new Graph("predict");
  const logits = graph.input("logits", ["B", 1]);
  storeScores(logits, { buffer: out });
  const values = Float32Array.of(0, 30, -30, 1);
  await run([activation(logits, "relu")], {
    batch: 4,
    steps: [step(4, { first: 0 }), step(4, { first: 4 }), step(2, { first: 8 })],
    inputs: { logits: values },
  });
  const scores = new Float32Array(await download(device, out, 40));
  const expected = [...values].map((z) => 1 / (1 + Math.exp(-z)));
  assertClose(scores, [...expected, ...expected, ...expected.slice(0, 2)], "scores");
  assert(scores[2] > 0 && Math.abs(scores[2] / Math.exp(-30) - 1) < 1e-4);
});

Deno.test("binaryCrossEntropy and storeScores refuse other shapes", () => {
  const graph = new Graph("train");
  const labels = graph.input("labels", ["B"]);
  const wide = graph.input("wide", ["B", 2]);
  assertThrows(() => binaryCrossEntropy(wide, labels), TypeError, "logits must have shape [B, 1], received [B, 2]");
  assertThrows(() => storeScores(wide, { buffer: null! }), TypeError, "logits must have shape [B, 1]");
});
