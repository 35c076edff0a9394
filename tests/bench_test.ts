import { type BenchRow, formatRows, slugOf, withCeilings } from "../bench/report.ts";
import { timePass, timingOf } from "../bench/timing.ts";
import { batchOf, makeProblem } from "../bench/peers/problem.ts";
import { describeMemory, trainingModels } from "../bench/training_bench.ts";
import { multiplyAddsOf, timedModels } from "../bench/training_models.ts";
import { assert, assertEquals } from "@std/assert";
import { gpu } from "./support.ts";

const row: BenchRow = { name: "gather", shape: "4x8", ms: 2.345, spread: [2, 120], gbps: 5, note: "cold" };

Deno.test("a bench's timing is the median with the quickest and the slowest repeat", () => {
  assertEquals(timingOf([5, 1, 3]), { ms: 3, spread: [1, 5] });
  assertEquals(timingOf([4, 1, 3, 2]), { ms: 2.5, spread: [1, 4] });
});

Deno.test("a bench row is set against the ceiling that it comes closer to", () => {
  const [bytes, both, none] = withCeilings([row, { ...row, gflops: 90 }, { name: "sort", shape: "9", ms: 1 }], {
    gbps: 10,
    gflops: 100,
  });
  assertEquals([bytes.ceiling, both.ceiling, none.ceiling], [0.5, 0.9, undefined]);
});

Deno.test("bench rows are printed as an aligned table", () => {
  const lines = formatRows([{ ...row, ceiling: 0.05 }, { name: "sort", shape: "9", ms: 120.4 }]).split("\n");
  assertEquals(lines, [
    "| name   | shape |   ms | range      | GFLOP/s | GB/s | of ceiling | note |",
    "| ------ | ----- | ---: | ---------- | ------: | ---: | ---------: | ---- |",
    "| gather | 4x8   | 2.35 | 2.00 - 120 |         |  5.0 |      5.0 % | cold |",
    "| sort   | 9     |  120 |            |         |      |            |      |",
  ]);
});

Deno.test("an adapter's description becomes a file name", () => {
  assertEquals(slugOf("llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe-llvm-15-0-6-256-bits");
  assertEquals(slugOf(""), "unnamed");
});

Deno.test("a perceptron has a product per layer", () => {
  assertEquals(multiplyAddsOf([4, 3, 1]), 4 * 3 + 3 * 1);
});

Deno.test("what a step must compute and keep is counted by model", () => {
  const models = timedModels({ fields: 39, dim: 16, hidden: [400, 400, 400] });
  const mlp = 624 * 400 + 2 * 400 * 400;
  assertEquals(models.dcn.multiplyAdds, mlp + 3 * 2 * 624 + 1024);
  assertEquals(models.dcnv2.multiplyAdds, mlp + 3 * 625 * 624 + 1024);
  assertEquals(models.xdeepfm.multiplyAdds, mlp + 400 + 16 * (780 * 129 + 39 * 129));
  assertEquals(models.autoint.multiplyAdds, mlp + 400 + 2 * 39 * 16 * (3 * 16 + 2 * 39));
  const pairMlp = 2 * 39 * 13 + 23_712 * 400 + 2 * 400 * 400 + 400;
  assertEquals(models.fibinet.multiplyAdds, pairMlp + 2 * (624 * 16 + 741 * 16));
  assertEquals(models.fibinet_interaction.multiplyAdds, pairMlp + 2 * 741 * 16 * 17);
  const kept = Object.entries(models).map(([slug, { keptFloats }]) => [slug, keptFloats - 1200]);
  assertEquals(kept, [
    ["dcn", 2 * 624 + 3],
    ["dcnv2", 7 * 624],
    ["xdeepfm", 624 + 128 * 16],
    ["autoint", 624 + 2 * (4 * 624 + 78)],
    ["fibinet", 4 * 624 + 78 + 13],
    ["fibinet_interaction", 2 * 624 + 78 + 13],
  ]);
  assertEquals(trainingModels(), ["lr", "fm", "deepfm", ...Object.keys(models)]);
});

Deno.test("a step's memory is set against what must be kept", () => {
  const plan = {
    dispatches: 1,
    longestChain: 1,
    labels: [],
    kernels: {},
    peakBytes: 3e6,
    arenaBytes: 4e6,
    tensorBytes: 9e6,
  };
  assertEquals(
    describeMemory(plan, 2e6),
    "peak 3.0 MB (arena 4.0 MB, unshared 9.0 MB), 1.50x the 2.0 MB to keep, within 2x",
  );
  assertEquals(describeMemory(plan, 1e6).endsWith("PAST 2x"), true);
});

Deno.test("peers get the rows of the data set, fields side by side", () => {
  const problem = makeProblem({ fields: 3, rows: 100, dim: 2, batch: 5, hidden: [4], seconds: 0 });
  const { ids, labels } = batchOf(problem, 2);
  for (let b = 0; b < 5; b++) {
    const r = 10 + b;
    assertEquals(
      [...ids.subarray(3 * b, 3 * b + 3)],
      [0, 1, 2].map((f) => problem.data.ids[f * problem.data.rows + r]),
    );
    assertEquals(labels[b], problem.data.labels[r]);
  }
  assertEquals(problem.layers.map(({ weight }) => weight.shape), [[6, 4], [4, 1]]);
  assertEquals(problem.parameters["mlp.1.weight"], problem.layers[1].weight);
});

Deno.test("timing a pass tells a long one from a short one", async () => {
  const device = await gpu();
  const module = device.device.createShaderModule({
    code: `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
      override ROUNDS: u32;
      @compute @workgroup_size(64) fn run(@builtin(global_invocation_id) id: vec3u) {
        var a = f32(id.x);
        for (var i = 0u; i < ROUNDS; i++) { a = fma(a, 0.5, y[id.x]); }
        y[id.x] = a;
      }`,
  });
  const buffer = device.device.createBuffer({ size: 4 * 64 * 64, usage: GPUBufferUsage.STORAGE });
  const time = async (rounds: number): Promise<number> => {
    const pipeline = device.device.createComputePipeline({
      layout: "auto",
      compute: { module, entryPoint: "run", constants: { ROUNDS: rounds } },
    });
    const entries = [{ binding: 0, resource: { buffer } }];
    const group = device.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const { ms } = await timePass(device, (pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(64);
    }, { atLeastMs: 10, repeats: 3 });
    return ms;
  };
  const [short, long] = [await time(10), await time(10_000)];
  assert(long > 10 * short, `1000 times the rounds must take over 10 times as long, received ${short} and ${long} ms`);
  buffer.destroy();
});
