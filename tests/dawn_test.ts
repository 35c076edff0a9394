import { requestAdapter } from "../src/adapter.ts";
import { readRows } from "../src/data/rows.ts";
import { categorical, numeric } from "../src/data/schema.ts";
import { Gpu } from "../src/gpu/device.ts";
import { Model } from "../src/model.ts";
import { models } from "../models/mod.ts";
import { serve } from "../src/serve/server.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MODEL, run, SCHEMA, writeData } from "./cli/process.ts";
import { inFolder } from "./folder.ts";
import { assertClose, gpu } from "./support.ts";

const found = await requestAdapter({ backend: "dawn" }).catch((error: Error) => error);
const reason = found instanceof Error ? found.message : undefined;

const rows = Array.from({ length: 200 }, (_, r) => ({ user: `u${r % 7}`, item: r % 5, price: (r % 11) / 4 }));
const data = readRows(rows.map((row, r) => ({ ...row, click: Number((r % 7 + r % 5) % 2) })), {
  label: "click",
  features: [categorical("user"), categorical("item"), numeric("price")],
});

async function train(device: Gpu): Promise<Float32Array> {
  await using model = await Model.create(models.deepfm({ dim: 4, hidden: [8] }), data.schema, { device, seed: 1 });
  await model.fit(data, { epochs: 3, batchSize: 32, seed: 1 });
  return await model.predict(data);
}

Deno.test({
  name: `a model trains, predicts and is served on Dawn${reason ? ` (skipped: ${reason})` : ""}`,
  ignore: reason !== undefined,
  fn: async () => {
    if (found instanceof Error) throw found;
    assertStringIncludes(found.description, "through Dawn");
    using device = await Gpu.request(found.adapter);
    const scores = await train(device);
    assertEquals(await train(device), scores);
    assertClose(scores, await train(await gpu()), "scores", { rtol: 2e-5 });
    await using model = await Model.create(models.deepfm({ dim: 4, hidden: [8] }), data.schema, { device, seed: 1 });
    await using server = await serve(model, { port: 0, batchSizes: [8], processor: "never" });
    const body = JSON.stringify({ rows: rows.slice(0, 8) });
    const answer = await (await fetch(`${server.url}/v1/predict`, { method: "POST", body })).json();
    assertEquals(answer.scores, [...await model.predict(data.slice(0, 8))]);
    assert(new Set(scores).size > 10);
  },
});

Deno.test({
  name: `--gpu dawn trains and evaluates on Dawn${reason ? ` (skipped: ${reason})` : ""}`,
  ignore: reason !== undefined,
  fn: async () => {
    await inFolder(async (folder) => {
      await writeData(`${folder}/clicks.csv`, 64);
      const args = ["--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "1", "--out", "m.weft", "--gpu", "dawn"];
      const trained = await run(folder, "train", ...args);
      assertStringIncludes(trained.err, "through Dawn)");
      assertEquals(trained.code, 0, trained.err);
      const model = ["--model-file", "m.weft", "--data", "clicks.csv"];
      const onDawn = await run(folder, "evaluate", ...model, "--gpu", "dawn");
      assertEquals(onDawn.code, 0, onDawn.err);
      assertMatch(onDawn.out, /auc/i);
      const refused = await run(folder, "evaluate", ...model, "--gpu", "cuda");
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, '"--gpu" must be one of deno, dawn');
    });
  },
});
