import { upload } from "../../../src/gpu/memory.ts";
import { download } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { Plan } from "../../../src/graph/plan.ts";
import { updateDense } from "../../../src/ops/train/dense_update.ts";
import {
  adagrad,
  adam,
  adamw,
  ftrl,
  lion,
  type Optimizer,
  rmsprop,
  rowwiseAdagrad,
  sgd,
} from "../../../src/optimizer.ts";
import { assertThrows } from "@std/assert";
import golden from "../../golden/optimizers.json" with { type: "json" };
import { updateRow } from "../../reference/optimizer.ts";
import { assertClose, gpu, randomArray, step } from "../../support.ts";

/** Runs one step per gradient from `weights` on and returns the weights and state after each. */
async function runDense(
  optimizer: Optimizer,
  lr: number,
  weights: ArrayLike<number>,
  gradients: readonly ArrayLike<number>[],
  l2: readonly number[],
): Promise<Float32Array[]> {
  const device = await gpu();
  const padded = (x: ArrayLike<number>): Float32Array<ArrayBuffer> => {
    const data = new Float32Array(64 * l2.length);
    data.set(x);
    return data;
  };
  const parameters = { buffer: upload(device, "parameters", padded(weights)) };
  const gradient = { buffer: upload(device, "gradient", padded([])) };
  const slots = Array.from({ length: optimizer.slots }, (_, i) => ({
    buffer: upload(device, `slot${i}`, padded([]).fill(i === 0 ? optimizer.initialState : 0)),
  }));
  const graph = new Graph("train");
  const order = graph.input("order", [1]);
  const options = {
    parameters,
    gradient,
    slots,
    l2: { buffer: upload(device, "l2", Float32Array.from(l2)) },
    optimizer,
  };
  updateDense([order], { ...options, count: 64 * l2.length });
  const plan = await Plan.create(device, {
    name: "dense",
    batch: 1,
    outputs: [order],
    inputs: { order: gradient },
    storage: { parameter: () => gradient, shards: () => [] },
  });
  const after: Float32Array[] = [];
  for (const [i, g] of gradients.entries()) {
    device.device.queue.writeBuffer(gradient.buffer, 0, padded(g));
    plan.run([step(1, { index: i + 1, lr, ...optimizer.corrections(i + 1) })]);
    after.push(new Float32Array(await download(device, parameters.buffer)));
  }
  plan.destroy();
  return after;
}

Deno.test("updateDense matches five steps of each rule in PyTorch", async () => {
  const cases: [keyof typeof golden.dense, Optimizer][] = [
    ["sgd", sgd()],
    ["sgd_momentum", sgd({ momentum: 0.9 })],
    ["sgd_nesterov", sgd({ momentum: 0.9, nesterov: true })],
    ["sgd_l2", sgd()],
    ["adam", adam()],
    ["adam_l2", adam()],
    ["adam_betas_eps", adam({ beta1: 0.8, beta2: 0.95, eps: 1e-4 })],
    ["adamw", adamw({ weightDecay: 0.05 })],
    ["rmsprop", rmsprop({ beta2: 0.9 })],
    ["adagrad", adagrad({ eps: 1e-10 })],
    ["adagrad_init_acc", adagrad({ eps: 1e-7, initialAccumulator: 0.1 })],
    ["adagrad", rowwiseAdagrad({ eps: 1e-10 })],
  ];
  for (const [name, optimizer] of cases) {
    const { settings, after_each_step } = golden.dense[name];
    // The decay of AdamW is no L2.
    const l2 = "weight_decay" in settings && name !== "adamw" ? settings.weight_decay : 0;
    const after = await runDense(optimizer, settings.lr, golden.x0, golden.grads, [l2]);
    after.forEach((weights, i) =>
      assertClose(weights.subarray(0, 6), after_each_step[i], `${name}, step ${i + 1}`, { rtol: 2e-5, atol: 0 })
    );
  }
});

Deno.test("updateDense matches five steps of FTRL-Proximal", async () => {
  const { alpha, beta, l1, l2, after_each_step } = golden.ftrl;
  const after = await runDense(ftrl({ beta, l1, l2 }), alpha, new Float32Array(6), golden.grads, [0]);
  after.forEach((weights, i) =>
    assertClose(weights.subarray(0, 6), after_each_step[i], `ftrl, step ${i + 1}`, { rtol: 2e-5, atol: 0 })
  );
});

Deno.test("updateDense matches five steps of Lion", async () => {
  const optimizer = lion({ weightDecay: 0.1 });
  const [w, state] = [Float64Array.from(golden.x0), new Float64Array(6)];
  const after = await runDense(optimizer, 0.01, golden.x0, golden.grads, [0]);
  golden.grads.forEach((g, i) => {
    updateRow({ optimizer, target: "parameter", lr: 0.01, t: i + 1 }, w, Float64Array.from(g), [state]);
    assertClose(after[i].subarray(0, 6), w, `lion, step ${i + 1}`, { rtol: 2e-5, atol: 0 });
  });
});

Deno.test("updateDense gives each block of 64 its own L2", async () => {
  const l2 = [0.5, 0, 2];
  const optimizer = adam();
  const [weights, gradient] = [randomArray(192, 1), randomArray(192, 2)];
  const [after] = await runDense(optimizer, 0.1, weights, [gradient], l2);
  const expected = weights.slice();
  const g = gradient.map((x, i) => x + l2[i >> 6] * weights[i]);
  const states = [new Float64Array(192), new Float64Array(192)];
  updateRow({ optimizer, target: "parameter", lr: 0.1, t: 1 }, expected, g, states);
  assertClose(after, expected, "weights", { rtol: 2e-5 });
});

Deno.test("updateDense refuses a count that is no multiple of 64 and missing state", async () => {
  const device = await gpu();
  const buffer = { buffer: upload(device, "any", new Float32Array(64)) };
  const order = new Graph("train").input("order", [1]);
  const options = { parameters: buffer, gradient: buffer, l2: buffer, slots: [], optimizer: adam() };
  assertThrows(() => updateDense([order], { ...options, count: 65 }), RangeError, "a multiple of 64, received 65");
  assertThrows(() => updateDense([order], { ...options, count: 64 }), RangeError, "adam has 2 slots, received 0");
});
