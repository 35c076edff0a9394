import golden from "../../golden/survival.json" with { type: "json" };
import { labelIntervals } from "../../../src/data/survival_labels.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { hazardLoss } from "../../../src/ops/train/loss.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as reference from "../../reference/hazard_loss.ts";
import { run } from "../../run.ts";
import { assertClose, randomArray, step } from "../../support.ts";

const GOLDEN = { rtol: 2e-5, atol: 0 };

/** Rows of a batch: how long each lasted, and what it weighs. */
interface Rows {
  times: readonly number[];
  events: readonly number[];
  weights: readonly number[];
}

async function evaluate(
  logits: ArrayLike<number>,
  { times, events, weights }: Rows,
  ends: readonly number[],
  { batch = times.length, factors }: { batch?: number; factors?: readonly number[] } = {},
): Promise<{ loss: number; dLogits: Float32Array }> {
  const intervals = ends.length - 1;
  const labels = times.map((time, b) => labelIntervals(time, events[b] === 1, ends));
  const targets = new Float32Array((intervals + 2) * batch);
  times.forEach((_, b) => {
    [...labels[b], weights[b], 1].forEach((value, row) => targets[row * batch + b] = value);
  });
  const graph = new Graph("train");
  const { loss, dLogits } = hazardLoss(
    graph.input("logits", ["B", intervals]),
    graph.input("targets", [intervals + 2, "B"]),
    factors ? { taskWeights: graph.input("factors", [intervals]) } : {},
  );
  const padded = new Float32Array(intervals * batch);
  padded.set(Float32Array.from(logits));
  const inputs = { logits: padded, targets, ...(factors && { factors: Float32Array.from(factors) }) };
  const results = await run([loss, dLogits], { batch, steps: [step(times.length)], inputs });
  return { loss: new Float32Array(results[0])[0], dLogits: new Float32Array(results[1]) };
}

const { breaks, time, event, ctr, variants } = golden;
const logits = golden.inputs[0].data;
const even = time.map(() => 1);

Deno.test("labelIntervals equals nnet-survival on golden times", () => {
  time.forEach((t, b) => {
    const expected = golden.survived[b].map((survived, k) => survived ? 0 : golden.failed[b][k] ? 1 : -1);
    assertEquals(labelIntervals(t, event[b] === 1, breaks), expected);
    const { survived, failed } = reference.intervalTargets(t, event[b] === 1, breaks);
    assertEquals([survived, failed], [golden.survived[b], golden.failed[b]]);
  });
});

Deno.test("hazardLoss equals nnet-survival: mean, sum and rows weighted by click rate, with gradients", async () => {
  const mean = await evaluate(logits, { times: time, events: event, weights: even }, breaks);
  assertClose([mean.loss], [variants.mean.loss], "mean", GOLDEN);
  assertClose(mean.dLogits, variants.mean.grad_logits.flat(), "gradient of the mean", GOLDEN);
  assertClose([12 * mean.loss], [variants.sum.loss], "sum", GOLDEN);
  assertClose(mean.dLogits.map((g) => 12 * g), variants.sum.grad_logits.flat(), "gradient of the sum", GOLDEN);
  const weighted = await evaluate(logits, { times: time, events: event, weights: ctr }, breaks);
  assertClose([weighted.loss], [variants.ctr_weighted_mean.loss], "weighted mean", GOLDEN);
  assertClose(weighted.dLogits, variants.ctr_weighted_mean.grad_logits.flat(), "gradient, weighted", GOLDEN);
});

Deno.test("hazardLoss equals nnet-survival row by row", async () => {
  for (const [b, expected] of golden.loss_per_sample.entries()) {
    const row = { times: [time[b]], events: [event[b]], weights: [ctr[b]] };
    const { loss } = await evaluate(logits.slice(5 * b, 5 * b + 5), row, breaks);
    assertClose([loss], [expected], `row ${b}`, GOLDEN);
  }
});

/** Compares loss and gradient with the reference and its central differences. */
async function check(rows: Rows, ends: readonly number[], options: { batch?: number; factors?: readonly number[] }) {
  const intervals = ends.length - 1;
  const z = Float64Array.from(randomArray(rows.times.length * intervals, 5), (u) => Math.fround(3 * u));
  const { loss, dLogits } = await evaluate(z, rows, ends, options);
  const targets = rows.times.map((t, b) => reference.intervalTargets(t, rows.events[b] === 1, ends));
  const objective = () => reference.hazardLoss(z, targets, rows.weights, options.factors);
  assertAlmostEquals(loss, objective(), 2e-6 * Math.max(1, loss));
  const h = 1e-5;
  const stride = Math.max(1, Math.floor(z.length / 60));
  for (let i = 0; i < z.length; i += stride) {
    const kept = z[i];
    const [above, below] = [h, -h].map((shift) => (z[i] = kept + shift, objective()));
    z[i] = kept;
    assertAlmostEquals(dLogits[i], (above - below) / (2 * h), 1e-6, `gradient ${i}`);
  }
  assert(dLogits.slice(z.length).every((slope) => slope === 0));
}

const ENDS = [0, 1, 3, 5, 9];
const AWKWARD: Record<string, { times: number[]; events: number[]; ends?: number[] }> = {
  "all rows censored": { times: [0, 0.4, 0.6, 2, 8, 20], events: [0, 0, 0, 0, 0, 0] },
  "an end in the first interval": { times: [0, 0.5], events: [1, 1] },
  "an end in the last interval": { times: [5, 8.9], events: [1, 1] },
  "an end beyond the last interval": { times: [9, 100], events: [1, 1] },
  "an end before the first interval": { times: [0, 1], events: [1, 1], ends: [2, 3, 4] },
  "one interval": { times: [0.2, 0.9, 2, 0.2, 0.7], events: [1, 1, 1, 0, 0], ends: [0, 1] },
  "rows of which nothing is known": { times: [0.1, 0.2], events: [0, 0] },
};

for (const [name, { times, events, ends = ENDS }] of Object.entries(AWKWARD)) {
  Deno.test(`hazardLoss equals its reference with ${name}`, async () => {
    const weights = times.map((_, b) => 0.5 + b);
    await check({ times, events, weights }, ends, {});
    await check({ times, events, weights }, ends, { batch: times.length + 3 });
  });
}

for (const [batch, rows] of [[37, 20], [4097, 4097], [9001, 8500]]) {
  Deno.test(`hazardLoss of two heads with weights averages ${rows} rows of ${batch}`, async () => {
    const random = randomArray(2 * rows, 7);
    const times = Array.from({ length: rows }, (_, b) => 6 * (random[b] + 1));
    const events = Array.from({ length: rows }, (_, b) => Number(random[rows + b] > -0.4));
    const weights = Array.from({ length: rows }, (_, b) => b % 5 === 0 ? 0 : 0.1 + b % 7);
    await check({ times, events, weights }, ENDS, { batch, factors: [0.7, 0.7, 0.3, 0.3] });
  });
}

Deno.test("hazardLoss of rows that weigh nothing is 0", async () => {
  const { loss, dLogits } = await evaluate([1, 2], { times: [0.5, 2], events: [1, 1], weights: [0, 0] }, [0, 1]);
  assertEquals([loss, ...dLogits], [0, 0, 0]);
});

Deno.test("hazardLoss refuses other shapes", () => {
  const graph = new Graph("train");
  const z = graph.input("logits", ["B", 3]);
  assertThrows(
    () => hazardLoss(z, graph.input("targets", [4, "B"])),
    TypeError,
    "targets must have shape [5, B], received [4, B]",
  );
});
