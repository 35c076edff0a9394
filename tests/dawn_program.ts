/**
 * Trains, predicts and serves on Dawn, and checks the scores; prints `{}`, or the reason why there is no Dawn. A program of
 * its own: while Dawn looks for SwiftShader, the variables that name drivers are those of all threads of a process.
 */
import { requestAdapter } from "../src/adapter.ts";
import { readRows } from "../src/data/rows.ts";
import { categorical, numeric } from "../src/data/schema.ts";
import { Gpu } from "../src/gpu/device.ts";
import { Model } from "../src/model.ts";
import { models } from "../models/mod.ts";
import { serve } from "../src/serve/server.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertClose, gpu } from "./support.ts";

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

const found = await requestAdapter({ backend: "dawn" }).catch((error: Error) => error);
if (found instanceof Error) {
  console.log(JSON.stringify({ reason: found.message }));
} else {
  assertStringIncludes(found.description, "through Dawn");
  const device = await Gpu.request(found.adapter);
  const scores = await train(device);
  assertEquals(await train(device), scores);
  assertClose(scores, await train(await gpu()), "scores", { rtol: 2e-5 });
  await using model = await Model.create(models.deepfm({ dim: 4, hidden: [8] }), data.schema, { device, seed: 1 });
  await using server = await serve(model, { port: 0, batchSizes: [8], processor: "never" });
  const body = JSON.stringify({ rows: rows.slice(0, 8) });
  const answer = await (await fetch(`${server.url}/v1/predict`, { method: "POST", body })).json();
  assertEquals(answer.scores, [...await model.predict(data.slice(0, 8))]);
  assert(new Set(scores).size > 10);
  console.log(JSON.stringify({}));
}
