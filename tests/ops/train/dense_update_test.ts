import { upload } from "../../../src/gpu/memory.ts";
import { download } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { Plan } from "../../../src/graph/plan.ts";
import { type DenseUpdateOptions, updateDense } from "../../../src/ops/train/dense_update.ts";
import {
  adagrad,
  adam,
  adamw,
  ftrl,
  lamb,
  lion,
  type Optimizer,
  rmsprop,
  rowwiseAdagrad,
  sgd,
} from "../../../src/optimizer.ts";
import { assertEquals, assertThrows } from "@std/assert";
import golden from "../../golden/optimizers.json" with { type: "json" };
import { updateLayer, updateRow } from "../../reference/optimizer.ts";
import { assertClose, gpu, randomArray, step } from "../../support.ts";

/** Runs one step per gradient from `weights` on and returns the weights and state after each. */
async function runDense(
  optimizer: Optimizer,
  lr: number,
  weights: ArrayLike<number>,
  gradients: readonly ArrayLike<number>[],
  l2: readonly number[],
  more: Pick<DenseUpdateOptions, "clipValue"> & { l1?: readonly number[]; layers?: readonly number[] } = {},
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
    l1: more.l1 && { buffer: upload(device, "l1", Float32Array.from(more.l1)) },
    layers: more.layers && {
      layers: { buffer: upload(device, "layers", Uint32Array.from(more.layers)) },
      trusts: { buffer: upload(device, "trusts", new Float32Array(l2.length)) },
      count: more.layers.length / 4,
    },
    clipValue: more.clipValue,
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

Deno.test("updateDense scales a step of LAMB by the norms of each parameter, vectors left out", async () => {
  // A matrix of 600 numbers in ten blocks, a bias of 30 in one, a matrix of 100 in two.
  const places = [{ first: 0, blocks: 10, size: 600 }, { first: 640, blocks: 1, size: 30 }, {
    ...{ first: 704, blocks: 2, size: 100 },
  }];
  const padded = (values: ArrayLike<number>): Float32Array => {
    const all = new Float32Array(832);
    for (const { first, size } of places) for (let i = 0; i < size; i++) all[first + i] = values[first + i];
    return all;
  };
  const weights = padded(randomArray(832, 1));
  const gradients = [2, 3, 4].map((seed) => padded(randomArray(832, seed)));
  const layers = places.flatMap(({ first, blocks }, i) => [first / 4, 16 * blocks, Number(i !== 1), 0]);
  for (const optimizer of [lamb({ minNorm: 0 }), lamb({ minNorm: 30, weightDecay: 0.1 })]) {
    const l2 = new Array(13).fill(0.02);
    const after = await runDense(optimizer, 0.05, weights, gradients, l2, { layers, clipValue: 0.7 });
    const w = Float64Array.from(weights);
    const states = [new Float64Array(832), new Float64Array(832)];
    gradients.forEach((gradient, step) => {
      for (const [i, { first, size }] of places.entries()) {
        const own = w.subarray(first, first + size);
        const limited = own.map((x, j) => Math.min(Math.max(gradient[first + j] + 0.02 * x, -0.7), 0.7));
        const slots = states.map((state) => state.subarray(first, first + size));
        updateLayer({ optimizer, lr: 0.05, t: step + 1 }, own, limited, slots, i !== 1);
      }
      assertClose(after[step], w, `step ${step + 1}`, { rtol: 2e-5 });
    });
  }
});

Deno.test("updateDense gives each block its own L1, which leaves exact zeros", async () => {
  const optimizer = adam();
  const [weights, gradient] = [randomArray(192, 1), randomArray(192, 2)];
  const l1 = [0, 2, 6];
  const [after] = await runDense(optimizer, 0.1, weights, [gradient], [0, 0, 0], { l1 });
  const expected = Float64Array.from(weights);
  updateRow({ optimizer, target: "parameter", lr: 0.1, t: 1 }, expected, Float64Array.from(gradient), [
    new Float64Array(192),
    new Float64Array(192),
  ]);
  const shrunk = expected.map((w, i) => Math.sign(w) * Math.max(Math.abs(w) - 0.1 * l1[i >> 6], 0));
  assertClose(after, shrunk, "weights", { rtol: 2e-5 });
  assertEquals(after.subarray(128).some((w) => w === 0), true);
});

Deno.test("updateDense refuses a count that is no multiple of 64 and missing state", async () => {
  const device = await gpu();
  const buffer = { buffer: upload(device, "any", new Float32Array(64)) };
  const order = new Graph("train").input("order", [1]);
  const options = { parameters: buffer, gradient: buffer, l2: buffer, slots: [], optimizer: adam() };
  assertThrows(() => updateDense([order], { ...options, count: 65 }), RangeError, "a multiple of 64, received 65");
  assertThrows(() => updateDense([order], { ...options, count: 64 }), RangeError, "adam has 2 slots, received 0");
});
