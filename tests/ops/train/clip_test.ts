import { createBuffer, download, upload } from "../../../src/gpu/memory.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { Plan } from "../../../src/graph/plan.ts";
import { clipScale } from "../../../src/ops/train/clip.ts";
import { updateDense } from "../../../src/ops/train/dense_update.ts";
import { adam, rowwiseAdagrad, sgd, tableSlots } from "../../../src/optimizer.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { gradientsOf, type TableState, updateTableReference } from "../../reference/table_update.ts";
import { assertClose, gpu, randomArray, step } from "../../support.ts";
import { firstWeights, randomBatch, runTable } from "../table_support.ts";

Deno.test("clipped updates of a table are scaled by the norm with its L2 terms", async () => {
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    for (
      const optimizer of [adam({ embeddingUpdate }), sgd({ embeddingUpdate }), rowwiseAdagrad({ embeddingUpdate })]
    ) {
      const [tableRows, dim, l2, lr] = [90, 6, 0.3, 0.1];
      const batch = randomBatch({ batch: 70, rows: 67, fields: 3, dim, tableRows, terms: ["dEmbedding", "dFm"] });
      const state: TableState = {
        weights: firstWeights(tableRows, dim),
        states: tableSlots(optimizer).filter((slot) => slot.saved).map((slot) =>
          new Float64Array(slot.perRow ? tableRows : tableRows * dim)
        ),
      };
      const rowL2 = Float64Array.from({ length: tableRows }, (_, row) => row % 3 / 4);
      for (
        const rowStrength of [
          undefined,
          Float64Array.from({ length: tableRows }, (_, row) => row % 4 / 4 - 1 / 4),
        ]
      ) {
        const gradients = [...gradientsOf(batch, state, { optimizer, l2, rowL2, rowStrength }).values()];
        const norm = Math.sqrt(gradients.reduce((sum, g) => sum + g.reduce((part, x) => part + x * x, 0), 0));
        const clip = norm / 3;
        const label = `${embeddingUpdate} ${optimizer.name}`;
        for (const limit of [clip, 2 * norm]) {
          const expected = { weights: state.weights.slice(), states: state.states.map((slot) => slot.slice()) };
          const scale = Math.min(1, limit / (norm + 1e-6));
          updateTableReference(batch, expected, { optimizer, l2, rowL2, rowStrength, lr, t: 1, scale });
          const run = { optimizer, l2, rowL2, rowStrength, lr, tableRows, batches: [batch], clip: limit, shards: 2 };
          const { weights, states } = await runTable(run);
          assertClose(weights, expected.weights, `${label} weights`, { rtol: 2e-5 });
          expected.states.forEach((slot, i) => assertClose(states[i], slot, `${label} state ${i}`, { rtol: 2e-5 }));
        }
      }
    }
  }
});

/** Clips an update of dense parameters to norm 5; returns the factor and what it was computed from. */
async function clipDense(size: number) {
  const device = await gpu();
  const count = 64 * 100;
  const [weights, g] = [randomArray(count, 1), randomArray(count, 2).map((x) => size * x)];
  const l2 = Float32Array.from({ length: 100 }, (_, i) => i % 3);
  const range = (data: Float64Array) => ({ buffer: upload(device, "range", Float32Array.from(data)) });
  const options = {
    parameters: range(weights),
    gradient: range(g),
    l2: { buffer: upload(device, "l2", l2) },
    count,
  };
  const graph = new Graph("train");
  const order = graph.input("order", [1]);
  const clip = clipScale(5, [], { gradients: [order], ...options });
  updateDense([order], { ...options, slots: [], optimizer: sgd(), clip });
  const plan = await Plan.create(device, {
    name: "clip",
    batch: 1,
    outputs: [clip],
    inputs: { order: { buffer: createBuffer(device, "order", 4) } },
    storage: { parameter: () => options.parameters, shards: () => [] },
  });
  plan.run([step(1, { lr: 0.5 })]);
  const [scale] = new Float32Array(await download(device, plan.rangeOf(clip).buffer, 4));
  const after = new Float32Array(await download(device, options.parameters.buffer));
  plan.destroy();
  return { scale, after, weights, total: g.map((x, i) => x + l2[i >> 6] * weights[i]) };
}

Deno.test("clipScale takes the norm of dense gradients with their L2 term", async () => {
  const { scale, after, weights, total } = await clipDense(1);
  const expected = 5 / (Math.sqrt(total.reduce((sum, x) => sum + x * x, 0)) + 1e-6);
  assert(expected < 0.1);
  assertAlmostEquals(scale, expected, 2e-5 * expected);
  assertClose(after, weights.map((w, i) => w - 0.5 * scale * total[i]), "weights", { rtol: 2e-5 });
});

Deno.test("gradients whose norm is past float32's range are not clipped to nothing", async () => {
  const { scale, after } = await clipDense(1e25);
  assertEquals([scale, after.every(Number.isNaN)], [NaN, true]);
});

Deno.test("clipScale refuses a limit of 0 and no gradients", () => {
  assertThrows(() => clipScale(0, []), RangeError, "the limit must be above 0, received 0");
  assertThrows(() => clipScale(1, []), TypeError, "there must be at least one, received none");
});
