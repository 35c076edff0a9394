/** L1, limits of the gradient's numbers, dropped fields and LAMB, as training applies them. */
import { deepfm, lr } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { adam, ftrl, lamb, sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { dropoutScale } from "../reference/pointwise.ts";
import { assertClose, gpu } from "../support.ts";

const { data } = plantedInteractions({ rows: 300, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 });
const network = deepfm({ dim: 4, hidden: [8] });

type Tensors = Record<string, CheckpointTensor>;

async function train(options: FitOptions, definition: Definition = network): Promise<Tensors> {
  await using model = await Model.create(definition, data.schema, { seed: 3, device: await gpu() });
  await model.fit(data, { batchSize: 64, unseenShare: 0, initialBias: "keep", ...options });
  return await model.parameters();
}

const numbers = ({ data }: CheckpointTensor): Float32Array => data as Float32Array;
const zeros = (tensor: CheckpointTensor): number => numbers(tensor).filter((x) => x === 0).length;

Deno.test("a step with dropped fields is that of the fields that stay, which count more", async () => {
  const [fieldDropout, rate, seed] = [0.3, 0.5, 1];
  const { rows, ids, labels } = data;
  const options = { batchSize: rows, shuffle: false, optimizer: sgd({ lr: rate }), seed } as const;
  const before = await train({ ...options, schedule: () => 0 }, lr());
  const after = await train({ ...options, fieldDropout }, lr());
  const weights = Float64Array.from(numbers(before.linear));
  const expected = weights.slice();
  let bias = 0;
  for (let b = 0; b < rows; b++) {
    const seen = [0, 1, 2].map((f) => ({
      row: ids[f * rows + b],
      scale: dropoutScale(fieldDropout, 0x6669656c, f * rows + b),
    }));
    const z = seen.reduce((sum, { row, scale }) => sum + scale * weights[row], 0);
    const slope = (1 / (1 + Math.exp(-z)) - labels[b]) / rows;
    for (const { row, scale } of seen) expected[row] -= rate * scale * slope;
    bias -= rate * slope;
  }
  assertClose(numbers(after.linear), expected, "weights", { rtol: 2e-5 });
  assertClose(numbers(after["linear.bias"]), [bias], "bias", { rtol: 2e-5 });
});

Deno.test("L1 leaves exact zeros where it is told to, and the weights that matter", async () => {
  const optimizer = adam({ lr: 0.01 });
  const options: FitOptions = { optimizer, epochs: 6 };
  const [plain, sparse, dense] = [
    await train(options),
    await train({ ...options, l1: { embedding: 0.6 } }),
    await train({ ...options, l1: { net: 0.6 } }),
  ];
  const kernel = Object.keys(plain).find((name) => name.endsWith("weight"))!;
  assertEquals([zeros(plain.embedding), zeros(plain[kernel]), zeros(sparse[kernel])], [0, 0, 0]);
  for (const [tensor, name] of [[sparse.embedding, "embedding"], [dense[kernel], kernel]] as const) {
    assert(zeros(tensor) > 0 && zeros(tensor) < numbers(tensor).length, `${zeros(tensor)} zeros in ${name}`);
  }
  // L1 and a limit beside the norm's go through the kernels that wait for it.
  const clipped = await train({ ...options, l1: { embedding: 0.6, net: 0.01 }, clipNorm: 0.1, clipValue: 0.01 });
  assert(zeros(clipped.embedding) > 0);
});

Deno.test("no number of a step is larger than the limit lets it be", async () => {
  const clipValue = 1e-4;
  const [before, after] = [
    await train({ batchSize: 300, optimizer: sgd({ lr: 1 }), schedule: () => 0 }),
    await train({ batchSize: 300, optimizer: sgd({ lr: 1 }), clipValue }),
  ];
  let most = 0;
  for (const name of Object.keys(before)) {
    numbers(after[name]).forEach((x, i) => most = Math.max(most, Math.abs(x - numbers(before[name])[i])));
  }
  assert(most > 0.99 * clipValue && most < 1.01 * clipValue, `the largest step is ${most}`);
});

Deno.test("LAMB moves a layer by a share of its norm", async () => {
  const optimizer = lamb({ lr: 0.02, minNorm: 0.05, weightDecay: 0 });
  const [before, after] = [
    await train({ batchSize: 300, optimizer, schedule: () => 0 }),
    await train({ batchSize: 300, optimizer }),
  ];
  const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  const share = (name: string, from: number, to: number): number => {
    const [old, moved] = [before, after].map((tensors) => numbers(tensors[name]).slice(from, to));
    return norm(moved.map((x, i) => x - old[i])) / Math.max(norm(old), 0.05);
  };
  const kernels = Object.keys(before).filter((name) => name.endsWith("weight"));
  assert(kernels.length > 1);
  const shares = [
    ...kernels.map((name) => share(name, 0, numbers(before[name]).length)),
    ...[...new Set(data.ids)].slice(0, 5).map((row) => share("embedding", 4 * row, 4 * row + 4)),
  ];
  assertClose(shares, shares.map(() => 0.02), "shares", { rtol: 1e-3 });
});

Deno.test("LAMB steps alike where gradients wait for their norm", async () => {
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    const optimizer = lamb({ lr: 0.02, embeddingUpdate });
    const [plain, waited] = [await train({ optimizer }), await train({ optimizer, clipNorm: 1e6 })];
    for (const name of Object.keys(plain)) {
      assertClose(numbers(waited[name]), numbers(plain[name]), `${embeddingUpdate}: ${name}`, { rtol: 1e-4 });
    }
  }
});

Deno.test("each of them resumes with the same bytes, wherever occurrences are sorted, and none is forgotten", () =>
  inFolder(async (folder) => {
    const cases: FitOptions[] = [
      { fieldDropout: 0.2 },
      { l1: { embedding: 0.01, net: 0.01 } },
      { clipValue: 0.01 },
      { optimizer: lamb() },
      { optimizer: { linear: ftrl(), embedding: lamb({ embeddingUpdate: "dense" }), network: lamb() } },
    ];
    for (const [i, options] of cases.entries()) {
      const path = `${folder}/${i}.weft`;
      const whole = await train({ ...options, epochs: 3 });
      assertNotEquals(await train({ epochs: 3 }), whole);
      assertEquals(await train({ ...options, epochs: 3, sort: "host" }), whole);
      assertEquals(await train({ ...options, epochs: 3, sort: "gpu" }), whole);
      await train({ ...options, epochs: 1, checkpoint: { path } });
      assertEquals(await train({ ...options, epochs: 3, resume: path }), whole);
      await assertRejects(() => train({ epochs: 3, resume: path }), TypeError, "Cannot resume: the checkpoint was");
    }
  }));

Deno.test("options out of their range are refused before training", async () => {
  const refuse = (options: FitOptions, message: string) => assertRejects(() => train(options), Error, message);
  await refuse({ fieldDropout: 1 }, "Cannot train: fieldDropout must be in [0, 1), received 1");
  await refuse({ clipValue: 0 }, "Cannot train: clipValue must be above 0, received 0");
  await refuse({ l1: { net: -1 } }, "Cannot train: l1.net must be at least 0, received -1");
  await refuse({ l1: { all: 1 } as never }, 'Cannot train: l1 has embedding and net, received "all"');
  const optimizer = { linear: ftrl(), embedding: adam(), network: adam() };
  await refuse({ l1: { embedding: 0.1 }, optimizer }, "ftrl has an l1 of its own, received l1 of the training");
  await train({ l1: { net: 0.1 }, optimizer });
});
