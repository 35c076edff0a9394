/** Models of times answer with survival probabilities and expected times beside the hazards. */
import { survival } from "../../models/survival.ts";
import { Client } from "../../src/client/mod.ts";
import { Model } from "../../src/model.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { assertEquals } from "@std/assert";
import { gpu } from "../support.ts";
import { drawCreatives, ENDS } from "../survival_data.ts";

const ROWS = 12;
const { data } = drawCreatives(64, 3);
const features = ["format", "topic", "market"] as const;
const rows = Array.from({ length: ROWS }, (_, row) =>
  Object.fromEntries(features.map((name, f) => {
    const { offset, vocabulary } = data.schema.fields[f];
    return [name, vocabulary![data.ids[f * 64 + row] - offset - 1]];
  })));

Deno.test("heads answer with the survival that predictSurvival gives, by rows and by tensors", async () => {
  await using model = await Model.create(survival({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  const expected = await model.predictSurvival(data.slice(0, ROWS), { batchSize: 16 });
  await using served = await ServedModel.open(model, { name: "creatives", batchSizes: [16], processor: "never" });
  const service = new Service();
  service.set(served);
  const client = new Client("http://localhost", { fetch: createHandler(service) });

  const answer = await client.predict<string>(rows);
  for (const [head, { ends, survival, expectedTime }] of Object.entries(expected)) {
    const found = answer.survival![head];
    assertEquals([found.ends, found.survival.flat()], [ends, [...survival]]);
    assertEquals(found.expected, [...expectedTime]);
  }

  const described = await client.metadata("creatives");
  const shapes = Object.fromEntries(described.outputs.map(({ name, shape }) => [name, shape]));
  assertEquals(shapes.survival_short, [-1, ENDS.short.length - 1]);
  assertEquals([shapes.expected_short, shapes["score_short 0-1"]], [[-1, 1], [-1, 1]]);
  const inputs = Object.fromEntries(features.map((name) => [name, rows.map((row) => row[name])]));
  for (const binary of [false, true]) {
    const { outputs } = await client.infer("creatives", inputs, { binary });
    const { shape, data } = outputs.get("survival_long")!;
    assertEquals([shape, data], [[ROWS, ENDS.long.length - 1], expected.long.survival]);
    assertEquals(outputs.get("expected_short")!.data, Float32Array.from(expected.short.expectedTime));
  }
});
