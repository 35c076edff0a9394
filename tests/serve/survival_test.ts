/** Models of times answer with survival probabilities and expected times beside the hazards. */
import { survival } from "../../models/survival.ts";
import { Model } from "../../src/model.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { assertEquals } from "@std/assert";
import { gpu } from "../support.ts";
import { drawCreatives, ENDS } from "../survival_data.ts";
import { type Answer, readBinary } from "./wire.ts";

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
  await using served = await ServedModel.open(model, { name: "creatives", batchSizes: [16] });
  const service = new Service();
  service.set(served);
  const handler = createHandler(service);
  const ask = (path: string, body?: unknown) =>
    handler(
      new Request(`http://localhost${path}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    );

  const answer = await (await ask("/v1/predict", { rows })).json();
  for (const [head, { ends, survival, expectedTime }] of Object.entries(expected)) {
    assertEquals(answer.survival[head].ends, ends);
    assertEquals(answer.survival[head].survival.flat(), [...survival]);
    assertEquals(answer.survival[head].expected, [...expectedTime]);
  }

  const described = await (await ask("/v2/models/creatives")).json();
  const shapes = Object.fromEntries(
    described.outputs.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape]),
  );
  assertEquals(shapes.survival_short, [-1, ENDS.short.length - 1]);
  assertEquals([shapes.expected_short, shapes["score_short 0-1"]], [[-1, 1], [-1, 1]]);
  const inputs = features.map((name) => ({
    ...{ name, shape: [ROWS], datatype: "BYTES", data: rows.map((row) => row[name]) },
  }));
  const plain: Answer = await (await ask("/v2/models/creatives/infer", { inputs })).json();
  const long = plain.outputs.find(({ name }) => name === "survival_long")!;
  assertEquals([long.shape, long.data], [[ROWS, ENDS.long.length - 1], [...expected.long.survival]]);
  const wanted = [{ name: "survival_short" }, { name: "expected_long" }];
  const request = { inputs, outputs: wanted, parameters: { binary_data_output: true } };
  const { outputs } = await readBinary(await ask("/v2/models/creatives/infer", request));
  assertEquals(outputs.survival_short, [...expected.short.survival]);
  assertEquals(outputs.expected_long, [...Float32Array.from(expected.long.expectedTime)]);
});
