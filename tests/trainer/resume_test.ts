import { deepfm } from "../../models/mod.ts";
import { type Json, readCheckpoint, writeCheckpoint } from "../../src/checkpoint.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { kernelsOf } from "../../src/kernels/set.ts";
import type { PlanDescription } from "../../src/graph/plan.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import type { TrainingState } from "../../src/trainer/state.ts";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { FitOptions } from "../../src/trainer/options.ts";
import { digestRows } from "../../src/trainer/rows_digest.ts";
import { inFolder } from "../folder.ts";
import { deviceFor, gpu } from "../support.ts";

const data = plantedInteractions({ rows: 300, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed: 1 }).data;
const definition = deepfm({ dim: 4, hidden: [8] });

/** Copies rows with some of their parts changed. */
function changed(parts: Partial<ConstructorParameters<typeof Dataset>[0]>): Dataset {
  const { schema, rows, ids, values, labels } = data;
  return new Dataset({ schema, rows, ids, values, labels, labeled: true, ...parts });
}

function swap<T extends Uint32Array | Float32Array>(array: T): T {
  const copy = array.slice() as T;
  const other = copy.findIndex((value) => value !== copy[0]);
  [copy[0], copy[other]] = [copy[other], copy[0]];
  return copy;
}

async function train(options: FitOptions, rows = data): Promise<Record<string, unknown>> {
  await using model = await Model.create(definition, data.schema, { seed: 3, device: await gpu() });
  await model.fit(rows, { batchSize: 64, ...options });
  return await model.parameters();
}

Deno.test("the digest of rows changes with any of ids, values and labels", async () => {
  const digest = await digestRows(data);
  assertEquals(await digestRows(changed({})), digest);
  for (const other of [changed({ ids: swap(data.ids) }), changed({ labels: swap(data.labels) })]) {
    assertNotEquals(await digestRows(other), digest);
  }
  assertNotEquals(await digestRows(data, data), digest);
  assertNotEquals(await digestRows(data.slice(0, 100), data.slice(100, 300)), digest);
});

Deno.test("training is not resumed on other rows than before, though they are as many", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const validation = data.slice(0, 100);
    await train({ epochs: 1, validation, checkpoint: { path } });
    const resume = { epochs: 2, validation, resume: path };
    for (const other of [changed({ ids: swap(data.ids) }), changed({ labels: swap(data.labels) })]) {
      await assertRejects(
        () => train(resume, other),
        TypeError,
        "Cannot resume: the checkpoint was trained on other rows, of digest ",
      );
    }
    await assertRejects(
      () => train({ ...resume, validation: data.slice(100, 200) }),
      TypeError,
      "Cannot resume: the checkpoint was trained on other rows",
    );
    assertEquals(await train(resume), await train({ epochs: 2, validation }));
  }));

Deno.test("training is resumed with the checkpoint's kernels, and with others only where that is asked for", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const real = await gpu();
    const other = new Gpu(real.device, { ...real.profile });
    await loadKernels(other);
    kernelsOf(other).override = "tiles";
    const train = async (options: FitOptions, device: Gpu) => {
      await using model = await Model.create(definition, data.schema, { seed: 3, device });
      await model.fit(data, { batchSize: 64, ...options });
      return await model.parameters();
    };
    await train({ epochs: 1, checkpoint: { path } }, other);
    // Kernels that suit the device do not matter where those of the checkpoint fit.
    assertEquals(await train({ epochs: 2, resume: path }, real), await train({ epochs: 2 }, other));

    const { header, tensors } = await readCheckpoint(path);
    const { kernels, ...state } = header.training as unknown as TrainingState;
    const save = (training: unknown): Promise<void> =>
      writeCheckpoint(path, { header: { ...header, training: training as Json }, tensors });
    const [problem] = Object.keys(kernels!).sort();
    await save({ ...state, kernels: { ...kernels, [problem]: "deleted" } });
    const resume = { epochs: 2, resume: path };
    await assertRejects(
      () => train(resume, real),
      TypeError,
      `Cannot resume: the checkpoint was trained with kernels deleted of ${problem}, received `,
    );
    const goesOn = await train({ ...resume, otherKernels: true }, real);
    await save(state);
    assertEquals(await train(resume, real), goesOn);
  }));

Deno.test("a checkpoint of an earlier version, without digest and unseen share, goes on as it began", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    await train({ epochs: 1, unseenShare: 0, checkpoint: { path } });
    const { header, tensors } = await readCheckpoint(path);
    const training = header.training as { recipe: Record<string, undefined> };
    const { rowsDigest: _, unseenShare: __, ...recipe } = training.recipe;
    await writeCheckpoint(path, { header: { ...header, training: { ...training, recipe } }, tensors });
    assertEquals(await train({ epochs: 2, resume: path }), await train({ epochs: 2, unseenShare: 0 }));
    await assertRejects(
      () => train({ epochs: 2, resume: path, unseenShare: 0.02 }),
      TypeError,
      "Cannot resume: the checkpoint was trained with unseenShare 0, received 0.02",
    );
  }));

Deno.test("a resumed training replaces the occurrences that an undisturbed one does", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const options = { unseenShare: 0.2, checkpoint: { path } };
    await train({ ...options, epochs: 1 });
    const resumed = await train({ epochs: 3, unseenShare: 0.2, resume: path });
    assertEquals(resumed, await train({ epochs: 3, unseenShare: 0.2 }));
    assertNotEquals(resumed, await train({ epochs: 3 }));
    assertEquals(resumed, await train({ epochs: 3, unseenShare: 0.2, memoryBudget: 4 * (3 + 2) * 130 }));
    assertEquals(resumed, await train({ epochs: 3, unseenShare: 0.2, sort: "gpu" }));
  }));

Deno.test("a checkpoint of a version that updated all tables apart goes on so", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const train = async (options: FitOptions, kernels?: string) => {
      const device = await deviceFor({ software: true, kernels });
      await using model = await Model.create(definition, data.schema, { seed: 3, device });
      let plan: PlanDescription | undefined;
      // Descent without state updates both tables within eight buffers.
      const optimizer = sgd({ lr: 0.1 });
      await model.fit(data, { batchSize: 64, optimizer, onPlan: (compiled) => plan = compiled, ...options });
      const pair = Object.entries(plan!.kernels).find(([problem]) => problem.startsWith("segment_reduce_pair"));
      return { parameters: await model.parameters(), pair: pair?.[1] };
    };
    const whole = await train({ epochs: 2 });
    assertEquals(whole.pair, "together");
    await train({ epochs: 1, checkpoint: { path } }, "apart");
    const { header, tensors } = await readCheckpoint(path);
    const state = header.training as unknown as TrainingState;
    const kernels = Object.fromEntries(
      Object.entries(state.kernels!).filter(([problem]) => !problem.startsWith("segment_reduce_pair")),
    );
    await writeCheckpoint(path, { header: { ...header, training: { ...state, kernels } as unknown as Json }, tensors });
    assertEquals(await train({ epochs: 2, resume: path }), { parameters: whole.parameters, pair: "apart" });
  }));
