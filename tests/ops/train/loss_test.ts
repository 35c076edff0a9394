import golden from "../../golden/losses.json" with { type: "json" };
import { createBuffer, download, upload } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { activation } from "../../../src/ops/dense/pointwise.ts";
import { squared } from "../../../src/losses.ts";
import { labelLoss, storeScores } from "../../../src/ops/train/loss.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as reference from "../../reference/loss.ts";
import { run } from "../../run.ts";
import { assertClose, gpu, randomArray, step } from "../../support.ts";

/** Packs labels, and weights that are 1 in the first `rows` rows unless they are given. */
function targetsOf(
  labels: readonly ArrayLike<number>[],
  rows: number,
  weights: ArrayLike<number> = Float32Array.from(labels[0], (_, b) => Number(b < rows)),
): Float32Array<ArrayBuffer> {
  return Float32Array.from([...labels, weights].flatMap((column) => Array.from(column)));
}

async function evaluate(
  logits: Float32Array<ArrayBuffer>,
  labels: Float32Array<ArrayBuffer>,
  rows = logits.length,
): Promise<{ loss: number; dLogits: Float32Array }> {
  const graph = new Graph("train");
  const result = labelLoss(graph.input("logits", ["B", 1]), graph.input("targets", [2, "B"]));
  const [loss, dLogits] = await run([result.loss, result.dLogits], {
    batch: logits.length,
    steps: [step(rows)],
    inputs: { logits, targets: targetsOf([labels], rows) },
  });
  return { loss: new Float32Array(loss)[0], dLogits: new Float32Array(dLogits) };
}

for (const [batch, rows] of [[1, 1], [37, 37], [37, 20], [300, 299], [4096, 4096], [9001, 8500]]) {
  Deno.test(`labelLoss averages ${rows} valid rows of ${batch}, with its gradient`, async () => {
    const logits = Float32Array.from(randomArray(batch, 1), (z) => 6 * z);
    const labels = Float32Array.from(randomArray(batch, 2), (u) => Number(u > 0.3));
    const { loss, dLogits } = await evaluate(logits, labels, rows);
    assertAlmostEquals(loss, reference.binaryCrossEntropy(logits, labels, rows), 2e-6);
    assertClose(dLogits, reference.crossEntropyGradient(logits, labels, rows), "dLogits", { atol: 0 });
    for (let b = rows; b < batch; b++) assertEquals(dLogits[b], 0);
  });
}

Deno.test("labelLoss equals PyTorch on golden logits, extreme ones included", async () => {
  const { bce } = golden.losses;
  const { loss, dLogits } = await evaluate(Float32Array.from(golden.logits), Float32Array.from(golden.labels));
  assertAlmostEquals(loss, bce.mean, 1e-6);
  assertClose(dLogits, bce.grad_of_mean_wrt_logit, "dLogits", { atol: 1e-9, rtol: 1e-6 });
});

Deno.test("labelLoss of squared errors has their gradient, with weights and labels below 0", async () => {
  const batch = 37;
  const [logits, labels] = [randomArray(batch, 1), randomArray(batch, 2)].map((x) =>
    Float32Array.from(x, (v) => 4 * v)
  );
  const weights = Float32Array.from(randomArray(batch, 3), (w, b) => b < 30 ? w + 1 : 0);
  const total = weights.reduce((sum, weight) => sum + weight);
  const lossAt = (z: ArrayLike<number>) =>
    Array.from(weights, (w, b) => w * reference.LABEL_LOSSES.squared(z[b], labels[b])).reduce((s, x) => s + x) / total;
  const graph = new Graph("train");
  const inputs = { logits, targets: targetsOf([labels], 30, weights) };
  const how = { label: squared(), weighted: true, real: true };
  const result = labelLoss(graph.input("logits", ["B", 1]), graph.input("targets", [2, "B"]), how);
  const [loss, dLogits] = await run([result.loss, result.dLogits], { batch, steps: [step(30)], inputs });
  assertAlmostEquals(new Float32Array(loss)[0], lossAt(logits), 1e-5);
  const central = Array.from(logits, (z, b) => {
    const [up, down] = [1e-4, -1e-4].map((h) => Float64Array.from(logits).with(b, z + h));
    return (lossAt(up) - lossAt(down)) / 2e-4;
  });
  assertClose(new Float32Array(dLogits), central, "dLogits", { rtol: 2e-5 });
});

Deno.test("labelLoss equals PyTorch row by row", async () => {
  const losses = await Promise.all(golden.logits.map(async (z, b) => {
    const { loss } = await evaluate(Float32Array.of(z), Float32Array.of(golden.labels[b]));
    return loss;
  }));
  losses.forEach((loss, b) => assertAlmostEquals(loss, golden.losses.bce.per_sample[b], 1e-6 * Math.max(1, loss)));
});

Deno.test("labelLoss keeps the gradient of confident rows", async () => {
  const { loss, dLogits } = await evaluate(Float32Array.of(20), Float32Array.of(1));
  assertAlmostEquals(loss / Math.log1p(Math.exp(-20)), 1, 1e-5);
  assertAlmostEquals(-dLogits[0] / (1 / (1 + Math.exp(20))), 1, 1e-5);
});

Deno.test("labelLoss accepts labels between 0 and 1", async () => {
  const logits = Float32Array.of(2, -3);
  const labels = Float32Array.of(0.25, 0.75);
  const { loss, dLogits } = await evaluate(logits, labels);
  assertAlmostEquals(loss, reference.binaryCrossEntropy(logits, labels, 2), 1e-6);
  assertClose(dLogits, reference.crossEntropyGradient(logits, labels, 2), "dLogits");
});

Deno.test("labelLoss stores each step's loss in its slot of a ring, in one submit", async () => {
  const device = await gpu();
  const ring = createBuffer(device, "ring", 16);
  const graph = new Graph("train");
  const logits = graph.input("logits", ["B", 1]);
  labelLoss(logits, graph.input("targets", [2, "B"]), { ring: { buffer: ring, size: 12 } });
  const values = { logits: Float32Array.of(1, -2, 3, 4), labels: Float32Array.of(1, 0, 0, 1) };
  await run([activation(logits, "sigmoid")], {
    batch: 4,
    steps: [step(4, { slot: 1 }), step(4, { slot: 0 }), step(4, { slot: 3 })],
    inputs: { logits: values.logits, targets: targetsOf([values.labels], 4) },
  });
  const stored = new Float32Array(await download(device, ring, 16));
  const expected = reference.binaryCrossEntropy(values.logits, values.labels, 4);
  assertClose(stored, [expected, expected, 0, 0], "ring");
});

Deno.test("labelLoss gives the same bits twice", async () => {
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

Deno.test("storeScores keeps logits beside the probabilities that it stores without", async () => {
  const device = await gpu();
  const [plain, scores, kept] = ["plain", "scores", "kept"].map((name) =>
    upload(device, name, new Float32Array(8).fill(-9))
  );
  for (const places of [[plain], [scores, kept]]) {
    const logits = new Graph("predict").input("logits", ["B", 2]);
    const [out, keep] = places.map((buffer) => ({ buffer }));
    storeScores(logits, out, keep);
    await run([activation(logits, "relu")], {
      batch: 2,
      steps: [step(2, { first: 0 }), step(1, { first: 2 })],
      inputs: { logits: Float32Array.of(0, 1.5, -2, 30) },
    });
  }
  const [expected, received, logits] = await Promise.all(
    [plain, scores, kept].map((buffer) => download(device, buffer, 32)),
  );
  assertEquals(new Float32Array(received), new Float32Array(expected));
  assertEquals([...new Float32Array(logits)], [0, 1.5, -2, 30, 0, 1.5, -9, -9]);
});

Deno.test("labelLoss and storeScores refuse other shapes", () => {
  const graph = new Graph("train");
  const targets = graph.input("targets", [2, "B"]);
  const cube = graph.input("cube", ["B", 2, 1]);
  const wide = graph.input("wide", ["B", 2]);
  const weights = graph.input("weights", [2]);
  const refuse = (build: () => unknown, message: string) => assertThrows(build, TypeError, message);
  refuse(() => labelLoss(cube, targets), "logits must have shape [B, T], received [B, 2, 1]");
  refuse(() => labelLoss(wide, targets), "targets must have shape [3, B], received [2, B]");
  refuse(() => storeScores(cube, { buffer: null! }), "logits must have shape [B, T]");
  const one = graph.input("one", ["B", 1]);
  refuse(() => labelLoss(one, targets, { taskWeights: weights }), "weights of tasks must have shape [1]");
  refuse(
    () => labelLoss(wide, targets, { taskWeights: weights, logVariances: weights }),
    "tasks have weights or log-variances, received both",
  );
});

/** Logits and labels of three tasks, where the second knows half of its labels and the third none. */
function threeTasks(batch: number, rows: number) {
  const columns = [0, 1, 2].map((task) => Float32Array.from(randomArray(batch, 10 + task), (z) => 6 * z));
  const labels = columns.map((_, task) =>
    Float32Array.from(
      randomArray(batch, 20 + task),
      (u, b) => task === 2 || (task === 1 && b % 2 === 0) ? -1 : Number(u > 0.3),
    )
  );
  const weights = Float32Array.from(randomArray(batch, 30), (u, b) => b < rows ? 1.5 + u : 0);
  const logits = Float32Array.from({ length: 3 * batch }, (_, i) => columns[i % 3][Math.floor(i / 3)]);
  return { columns, labels, weights, logits, targets: targetsOf(labels, rows, weights) };
}

for (const [batch, rows] of [[1, 1], [37, 20], [9001, 8500]]) {
  for (const weighting of ["sum", "fixed", "learned"] as const) {
    Deno.test(`labelLoss of three tasks, ${weighting}, counts known labels of ${rows} rows of ${batch}`, async () => {
      const { columns, labels, weights, logits, targets } = threeTasks(batch, rows);
      const tasks = Float32Array.of(0.5, -0.3, 2);
      const graph = new Graph("train");
      const given = graph.input("tasks", [3]);
      const { loss, dLogits, dLogVariances } = labelLoss(
        graph.input("logits", ["B", 3]),
        graph.input("targets", [4, "B"]),
        {
          weighted: true,
          ...(weighting === "fixed" && { taskWeights: given }),
          ...(weighting === "learned" && { logVariances: given }),
        },
      );
      const wanted = [loss, dLogits, ...(dLogVariances ? [dLogVariances] : [])];
      const inputs = { logits, targets, ...(weighting !== "sum" && { tasks }) };
      const results = await run(wanted, { batch, steps: [step(rows)], inputs });
      const [total, gradient, dTasks] = results.map((bytes) => Array.from(new Float32Array(bytes)));
      const objective = (of: readonly ArrayLike<number>[], s: ArrayLike<number>) =>
        reference.taskLosses(of, labels, weights).reduce((sum, mean, t) => {
          if (labels[t].every((label, b) => label < 0 || weights[b] === 0)) return sum;
          if (weighting === "learned") return sum + Math.exp(-s[t]) * mean + s[t] / 2;
          return sum + (weighting === "fixed" ? s[t] : 1) * mean;
        }, 0);
      assertAlmostEquals(total[0], objective(columns, tasks), 1e-5);
      const exact = columns.map((column) => Float64Array.from(column));
      const h = 1e-5;
      for (const i of [0, 1, 2, 3 * (rows - 1), 3 * rows - 2, 3 * batch - 3].filter((i) => i >= 0)) {
        const [column, b] = [exact[i % 3], Math.floor(i / 3)];
        const z = column[b];
        const [above, below] = [h, -h].map((shift) => (column[b] = z + shift, objective(exact, tasks)));
        column[b] = z;
        assertAlmostEquals(gradient[i], (above - below) / (2 * h), 1e-6, `gradient ${i}`);
      }
      for (let b = 0; b < batch; b++) assertEquals(gradient[3 * b + 2], 0);
      if (!dTasks) return;
      const moved = (t: number, shift: number) => Float64Array.from(tasks, (s, i) => i === t ? s + shift : s);
      const differences = [0, 1, 2].map((t) =>
        (objective(columns, moved(t, h)) - objective(columns, moved(t, -h))) / (2 * h)
      );
      assertClose(dTasks, differences, "gradient of the log-variances", { atol: 1e-5 });
    });
  }
}

Deno.test("labelLoss equals PyTorch on weighted rows", async () => {
  const { logits, labels, losses } = golden;
  const { value: mean, grad_wrt_logit: expected, weights } = losses.bce_sample_weight_normalised;
  const graph = new Graph("train");
  const targets = graph.input("targets", [2, "B"]);
  const { loss, dLogits } = labelLoss(graph.input("logits", ["B", 1]), targets, { weighted: true });
  const inputs = { logits: Float32Array.from(logits), targets: targetsOf([labels], labels.length, weights) };
  const [total, gradient] = await run([loss, dLogits], { batch: labels.length, steps: [step(labels.length)], inputs });
  assertAlmostEquals(new Float32Array(total)[0], mean, 1e-6);
  assertClose(new Float32Array(gradient), expected, "dLogits", { atol: 1e-9, rtol: 1e-6 });
});

Deno.test("storeScores writes the probabilities of several tasks row by row", async () => {
  const device = await gpu();
  const out = upload(device, "scores", new Float32Array(8).fill(-1));
  const graph = new Graph("predict");
  const logits = graph.input("logits", ["B", 2]);
  storeScores(logits, { buffer: out });
  await run([activation(logits, "relu")], {
    batch: 2,
    steps: [step(2, { first: 0 }), step(1, { first: 2 })],
    inputs: { logits: Float32Array.of(0, 1, 2, 3) },
  });
  const scores = new Float32Array(await download(device, out, 32));
  assertClose(scores, [...[0, 1, 2, 3, 0, 1].map((z) => 1 / (1 + Math.exp(-z))), -1, -1], "scores");
});
